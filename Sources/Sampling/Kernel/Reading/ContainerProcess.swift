// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Vitals

/// The process by which a container is looked at from procfs: its network namespace, limits and start.
///
/// The directory /proc/PID is held, not the number: when the process is reaped every look through it says ESRCH
/// or ENOENT, even if the number lives again.
struct ContainerProcess {
    /// Starts of at most this many processes are compared; the oldest is nearly always among the first.
    static let startsCompared = 64

    private(set) var pid: Int32 = 0
    /// Inode of its net/dev, which tells network namespaces apart without any privilege; 0 when unknown.
    private(set) var namespace: UInt64 = 0
    /// Start of the oldest process, ticks since boot.
    private(set) var startTicks: Int64?
    private var directory: Int32 = -1
    private var limits = KernelReader.KeptFile()

    /// Gives back the descriptors and forgets the process.
    mutating func close(_ reader: KernelReader) {
        reader.release(&directory)
        reader.release(&limits.descriptor)
        pid = 0
        namespace = 0
    }

    /// Looks at the container's process, another one when the last is gone.
    mutating func read(
        _ node: CgroupNode, _ tree: CgroupTree, _ reader: KernelReader, proc: String, row: FigureRow,
        now: Int64
    ) {
        namespace = 0
        if node.mainProcess != pid || reader.mustRelease(directory) {
            close(reader)
            startTicks = nil
        }
        guard node.mainProcess > 0, let home = node.mainNode else { return }
        var temporary: Int32 = -1
        defer { if temporary >= 0 { Glibc.close(temporary) } }
        if directory < 0 {
            let opened = (proc + "/\(node.mainProcess)").withCString {
                reader.open($0, in: AT_FDCWD, O_DIRECTORY)
            }
            guard opened >= 0 else { return }
            // The number may have passed to a stranger since cgroup.procs was read: it must still be listed.
            guard Self.lists(home, node.mainProcess, tree, reader, now: now) else {
                Glibc.close(opened)
                return
            }
            pid = node.mainProcess
            if reader.mayKeep(opened) { directory = opened } else { temporary = opened }
            startTicks = oldestStart(node, tree, reader, proc: proc, now: now) ?? startTicks
        }
        let place = directory >= 0 ? directory : temporary
        var status = stat()
        if fstatat(place, "net/dev", &status, 0) == 0 { namespace = UInt64(status.st_ino) }
        switch reader.read(&limits, "limits", in: place, now: now) {
        case .bytes(let bytes): row[.openFilesMax] = ProcessLimits(parsing: bytes).openFiles
        case .gone: close(reader)
        case .missing, .failed: break
        }
    }

    /// Reads the interfaces of its network namespace. The file is never kept open: that would keep the namespace
    /// alive after its container.
    func interfaces(_ reader: KernelReader, proc: String, into list: inout [NetDev.Interface], bad: inout Int)
        -> Bool
    {
        guard pid > 0 else { return false }
        let contents =
            directory >= 0
            ? reader.read("net/dev", in: directory, record: KernelReader.longestInterface)
            : reader.read(path: proc + "/\(pid)/net/dev")
        guard case .bytes(let bytes) = contents else { return false }
        bad &+= NetDev.parse(bytes, into: &list, wanted: NetDev.belongsToContainer)
        return true
    }

    /// The mounts that it sees; by its own directory, so never those of a stranger.
    func mounts(_ reader: KernelReader, proc: String) -> KernelReader.Contents {
        guard pid > 0 else { return .missing }
        return directory >= 0
            ? reader.read("mountinfo", in: directory) : reader.read(path: proc + "/\(pid)/mountinfo")
    }

    /// Opens its root directory, to be looked at only; negative errno where that fails. Needs leave to trace it.
    func root(proc: String) -> Int32 {
        guard pid > 0 else { return -ESRCH }
        let descriptor =
            directory >= 0
            ? clinux_open_place(directory, "root") : clinux_open_place(AT_FDCWD, proc + "/\(pid)/root")
        return descriptor >= 0 ? descriptor : -errno
    }

    private static func lists(
        _ node: CgroupNode, _ pid: Int32, _ tree: CgroupTree, _ reader: KernelReader, now: Int64
    ) -> Bool {
        var found = false
        _ = tree.visitProcesses(of: node, now: now) { if $0 == pid { found = true } }
        return found
    }

    private func oldestStart(
        _ node: CgroupNode, _ tree: CgroupTree, _ reader: KernelReader, proc: String, now: Int64
    ) -> Int64? {
        var pids: [Int32] = []
        collect(node, tree, reader, now: now, into: &pids)
        var oldest: Int64?
        for pid in pids.prefix(Self.startsCompared) {
            guard case .bytes(let bytes) = reader.read(path: proc + "/\(pid)/stat"),
                let start = ProcessStat(parsing: bytes)?.startTicks
            else { continue }
            oldest = min(oldest ?? start, start)
        }
        return oldest
    }

    private func collect(
        _ node: CgroupNode, _ tree: CgroupTree, _ reader: KernelReader, now: Int64, into pids: inout [Int32]
    ) {
        _ = tree.visitProcesses(of: node, now: now) { pids.append($0) }
        for child in node.children where child.match == nil && pids.count < Self.startsCompared {
            collect(child, tree, reader, now: now, into: &pids)
        }
    }
}
