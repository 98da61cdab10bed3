// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Synchronization
package import Vitals

/// Where a subject looks.
package struct Surroundings: Sendable {
    /// Where the kernel's file systems are, and the machine's own files.
    let roots: KernelRoots
    /// What the sampler has found missing.
    let missing: @Sendable () -> [KernelGap]
    /// The clocks.
    let time: any TimeSource
    /// What is the daemon's own.
    let house: House
    /// Why vitald may not do this with a path (access(2)): errno; 0 where it may.
    let denial: @Sendable (_ path: String, _ mode: Int32) -> Int32
    private var memo = Memo()
    private var notes = Notes()

    /// Gathers them.
    package init(
        roots: KernelRoots, missing: @escaping @Sendable () -> [KernelGap], time: any TimeSource, house: House
    ) {
        self.init(roots: roots, missing: missing, time: time, house: house, denial: Self.denial)
    }

    init(
        roots: KernelRoots, missing: @escaping @Sendable () -> [KernelGap], time: any TimeSource,
        house: House,
        denial: @escaping @Sendable (_ path: String, _ mode: Int32) -> Int32
    ) {
        self.roots = roots
        self.missing = missing
        self.time = time
        self.house = house
        self.denial = denial
    }

    /// Beyond this no file that a subject reads is what it should be.
    private static let longestText = 256 * 1024

    /// A small text file; nil where it cannot be read.
    func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            note(errno)
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { room in
            while bytes.count < Self.longestText {
                let count = read(descriptor, room.baseAddress, room.count)
                guard count > 0 else { return }
                bytes.append(contentsOf: room[..<count])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A small text file of this machine; nil for a captured tree, which has none, and where it may hang.
    func machineText(_ path: String) -> String? {
        guard let place = roots.files.map({ $0 + path }), isLocal(place) else { return nil }
        return text(place)
    }

    /// Whether vitald may do this with a path.
    func isOpen(_ path: String, _ mode: Int32) -> Bool { denial(path, mode) == 0 }

    /// By the effective user and the capabilities. access(2) asks for the real user instead and forgets the capabilities
    /// of everybody but root.
    static func denial(_ path: String, _ mode: Int32) -> Int32 {
        faccessat(AT_FDCWD, path, mode, Int32(AT_EACCESS)) == 0 ? 0 : errno
    }

    /// Whether the way to a path leads over local mounts alone: others may hang for ever, and nobody could end a thread
    /// that hangs with them.
    func isLocal(_ path: String) -> Bool {
        guard let table = mounts else { return false }
        return MountPath(path, in: table).map { $0.hazard == nil } ?? true
    }

    /// The mounts that a process sees; nil where they cannot be read.
    func mounts(of process: String) -> MountTable? {
        mountinfo(of: process).map { MountTable(parsing: $0) }
    }

    /// vitald's own, read once for all subjects of an examination: a host of containers has thousands.
    var mounts: MountTable? {
        memo.mounts.withLock { known in
            // What could not be looked at once is looked at by the next subject again.
            if known == nil { known = mounts(of: "self") }
            return known
        }
    }

    /// The same for the next examination, which remembers nothing of this one.
    var afresh: Surroundings {
        var next = self
        next.memo = Memo()
        return next
    }

    private final class Memo: Sendable {
        /// nil where nobody has read them yet.
        let mounts = Mutex<MountTable?>(nil)
    }

    /// The same for one subject, with notes of its own.
    var noting: Surroundings {
        var next = self
        next.notes = Notes()
        return next
    }

    private final class Notes: Sendable {
        let shortage = Atomic<Int32>(0)
    }

    /// EMFILE or ENFILE where something could not be looked at for want of descriptors; what then seems to be missing may
    /// be there.
    var shortage: Int32? {
        let code = notes.shortage.load(ordering: .relaxed)
        return code == 0 ? nil : code
    }

    /// Takes note of an errno.
    func note(_ code: Int32) {
        if DescriptorShortage.isMeant(by: code) { notes.shortage.store(code, ordering: .relaxed) }
    }

    /// The directory of the cgroup2 tree; nil where it is not mounted.
    var cgroupDirectory: String? {
        guard let mount = cgroupMount else { return roots.cgroup }
        return mount.directory
    }

    /// Where the cgroup2 tree is; nil where the mounts cannot be read.
    var cgroupMount: CgroupMount? {
        mounts.map { CgroupMount($0, roots, isLive: roots.isLive) }
    }

    /// The path of vitald's own cgroup as procfs has it; nil where it tells none.
    var writtenCgroup: CgroupPath? {
        guard let text = text(roots.proc("self/cgroup")) else { return nil }
        return Array(text.utf8).withUnsafeBufferPointer { ProcessCgroup.written(KernelBytes($0)) }
    }

    /// The controllers that a cgroup has; nil where it is gone.
    func controllers(of cgroup: String) -> Set<String>? {
        text(cgroup + "/cgroup.controllers").map {
            Set($0.split(whereSeparator: \.isWhitespace).map(String.init))
        }
    }

    private func mountinfo(of process: String) -> [UInt8]? {
        do throws(SystemError) {
            return try MountFile(roots.proc(process + "/mountinfo")).bytes()
        } catch {
            note(error.code)
            return nil
        }
    }

    /// The names in a directory; nil where it cannot be listed, errno says why.
    func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else {
            let code = errno
            note(code)
            errno = code
            return nil
        }
        defer { closedir(stream) }
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
        var names: [String] = []
        while let entry = readdir(stream), names.count < Self.mostNames {
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            if name.pointee != CChar(bitPattern: UInt8(ascii: ".")) { names.append(String(cString: name)) }
        }
        return names
    }

    /// Nobody hands over more secrets, nor reads their names.
    private static let mostNames = 1000

    /// What the machine does not offer of something: the first one whole, of the others how many there are.
    func gap(_ topic: KernelGap.Topic) -> KernelGap? {
        let gaps = missing().filter { $0.topic == topic && $0.cut == nil }
        guard let first = gaps.first, gaps.count > 1 else { return gaps.first }
        return KernelGap(
            topic, first.fact, remedy: first.remedy + " The journal tells \(gaps.count - 1) more.",
            takes: first.takes)
    }

    /// What is said where there is nothing to look at.
    func captured(_ subject: String) -> Diagnosis {
        Diagnosis(
            subject, .unknown,
            "vitald reads a captured tree (--proc-root), to which this machine's files do not belong",
            remedy: "Start vitald without --proc-root.")
    }
}
