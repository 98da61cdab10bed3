// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Counts the open files of whole cgroup subtrees in one round; every process is looked at once, however many of
/// the cgroups above it are asked for.
struct DescriptorCensus {
    /// At most this many processes and links are looked at in a round; each costs a microsecond or two.
    static let lookLimit = 200_000
    /// `PROC_SUPER_MAGIC`
    private static let magic: Int64 = 0x9fa0

    /// What is known of a subtree; nil where a process of it could not be looked at.
    struct Count {
        var files: Int64?
        var sockets: Int64?

        static func + (a: Count, b: Count) -> Count {
            Count(
                files: a.files.flatMap { x in b.files.map { x &+ $0 } },
                sockets: a.sockets.flatMap { x in b.sockets.map { x &+ $0 } })
        }
    }

    private let tree: CgroupTree
    private let reader: KernelReader
    private let now: Int64
    private let details: Set<KernelOptions.Detail>
    private let proc: Int32
    /// Whether procfs hides processes: then one that is not there need not have ended.
    private let hidesProcesses: Bool
    /// Whether a size stands for a number; else the directory is listed.
    private let sizesTell: Bool
    private var known: [ObjectIdentifier: Count] = [:]
    private var looks = 0
    /// The figures that processes did not give which may not be looked at.
    private(set) var denied: Set<KernelOptions.Detail> = []
    /// Processes that were left out for the limit.
    private(set) var limited = 0

    /// Begins a round; `close` ends it.
    init(
        _ roots: KernelRoots, _ tree: CgroupTree, _ reader: KernelReader,
        _ details: Set<KernelOptions.Detail>, hidesProcesses: Bool, now: Int64
    ) {
        self.tree = tree
        self.reader = reader
        self.details = details
        self.hidesProcesses = hidesProcesses
        self.now = now
        proc = roots.proc.withCString { reader.open($0, in: AT_FDCWD, O_DIRECTORY) }
        var isTelling = false
        // Elsewhere than in procfs a directory's size means something else.
        if proc >= 0, clinux_filesystem_magic(proc) == Self.magic,
            case .counted(let own) = ProcessDescriptors.size(of: "self/fd", in: proc)
        {
            isTelling = own.files > 0
        }
        sizesTell = isTelling
    }

    /// Gives the descriptor back.
    func close() { if proc >= 0 { Glibc.close(proc) } }

    /// The open files of a cgroup and of everything below it.
    mutating func count(_ node: CgroupNode) -> Count {
        if let known = known[ObjectIdentifier(node)] { return known }
        var pids: [Int32] = []
        // Processes outside of our pid namespace are listed as 0: nobody can look at them.
        let listed = tree.visitProcesses(of: node, now: now) { pids.append($0) }
        var sum =
            listed == Int64(pids.count)
            ? Count(files: 0, sockets: 0) : Count(files: nil, sockets: nil)
        for pid in pids { sum = sum + look(at: pid) }
        for child in node.children { sum = sum + count(child) }
        known[ObjectIdentifier(node)] = sum
        return sum
    }

    private mutating func look(at pid: Int32) -> Count {
        guard proc >= 0 else { return Count(files: nil, sockets: nil) }
        guard looks < Self.lookLimit else {
            limited += 1
            return Count(files: nil, sockets: nil)
        }
        looks += 1
        let name = "\(pid)/fd"
        var count = Count(files: 0, sockets: 0)
        if sizesTell {
            switch ProcessDescriptors.size(of: name, in: proc) {
            case .counted(let found):
                count.files = found.files
                guard details.contains(.sockets) else { return count }
                guard looks + Int(found.files) <= Self.lookLimit else {
                    limited += 1
                    count.sockets = nil
                    return count
                }
            case .gone where !hidesProcesses: return count
            case .gone, .denied:
                deny(details)
                return Count(files: nil, sockets: nil)
            case .failed: return Count(files: nil, sockets: nil)
            }
        }
        switch ProcessDescriptors.list(name, in: proc, reader) {
        case .counted(let found):
            looks += Int(found.files)
            count.sockets = found.sockets
            if !sizesTell { count.files = found.files }
        case .gone where !hidesProcesses: break
        case .gone, .denied:
            deny(sizesTell ? [.sockets] : details)
            count.sockets = nil
            if !sizesTell { count.files = nil }
        // Such as EMFILE, which no permission would fix.
        case .failed:
            count.sockets = nil
            if !sizesTell { count.files = nil }
        }
        return count
    }

    private mutating func deny(_ figures: Set<KernelOptions.Detail>) {
        denied.formUnion(details.intersection(figures).intersection([.fileDescriptors, .sockets]))
    }
}
