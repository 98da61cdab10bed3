// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Vitals

/// The whole cgroup2 tree, brought up to date by `scan`: what appeared, what is gone, and who lives where.
///
/// A directory is listed again only when its link count or times changed: kernfs counts subdirectories in the
/// link count, though it does not always keep times. Where one child replaces another the count stays; then the
/// dead one's cgroup.procs says ENODEV, and its parent is listed again in the same scan.
final class CgroupTree {
    /// More cgroups than this are no host but an attack, or a leak elsewhere; the rest is counted.
    static let nodeLimit = 20_000
    /// The deepest nesting that is followed; also bounds the recursion.
    static let depthLimit = 48
    /// What checks and questions name is followed beyond both limits: so many more cgroups, and so deep.
    static let reserve = 2_000
    static let wantedDepthLimit = 128
    /// Of a directory with a million children no more are compared with what is wanted in one scan; a name costs one, and
    /// a microsecond or two.
    static let comparisonLimit = 100_000
    /// A scan goes over the tree again where something vanished during it, but not for ever.
    static let passLimit = 3
    /// `CGROUP2_SUPER_MAGIC`
    private static let magic: Int64 = 0x6367_7270

    let reader: KernelReader
    let path: String
    let limit: Int
    /// The root; nil while it cannot be opened.
    private(set) var root: CgroupNode?
    /// Why it cannot be opened.
    private(set) var rootFault: KernelFault?
    /// Grows with every node that appears or goes.
    var generation: UInt64 = 0
    /// How many cgroups are left out for a limit now.
    var overflow = 0
    /// How many cgroups could not be opened or listed in the last scan.
    private(set) var unreadable = 0
    /// Why the first of them could not.
    private(set) var unreadableFault: KernelFault?
    /// Whether this is the kernel's own tree, where every cgroup has a cgroup.procs.
    private(set) var isKernel = false
    /// What is taken in beyond the limits.
    var wanted = WantedCgroups.none { didSet { wantedChanged = true } }
    private var wantedChanged = false
    var count = 0
    /// What comparing names with what is wanted has cost in this scan.
    var comparisons = 0
    private var needsPass = false
    /// The time of this scan, and of the last one that saw everything.
    private(set) var scanned = Int64.min
    private(set) var lastWhole: Int64?

    init(_ path: String, _ reader: KernelReader, limit: Int = CgroupTree.nodeLimit) {
        self.path = path
        self.reader = reader
        self.limit = limit
    }

    deinit { root?.close(reader) }

    /// Brings the tree up to date.
    func scan(now: Int64) {
        if scanned != now { lastWhole = root != nil && overflow == 0 && unreadable == 0 ? scanned : nil }
        scanned = now
        comparisons = 0
        if root == nil { openRoot() }
        for _ in 0..<Self.passLimit {
            guard let root else { break }
            needsPass = false
            unreadable = 0
            unreadableFault = nil
            visit(root, depth: 0, now: now)
            if !needsPass { break }
        }
        wantedChanged = false
    }

    /// Takes a node out whose cgroup is gone, and has its parent listed again at the next scan.
    func remove(_ node: CgroupNode) {
        guard !node.isGone else { return }
        drop(node)
        needsPass = true
        if node === root { root = nil }
        node.parent?.signature = nil
        node.parent?.children.removeAll { $0 === node }
    }

    /// A descriptor of a node's directory, and whether it must be closed after use; negative errno on failure.
    func enter(_ node: CgroupNode) -> (descriptor: Int32, isTemporary: Bool) {
        if node.directory >= 0 { return (node.directory, false) }
        return (openPath(node), true)
    }

    /// Whether a node's cgroup still is what it was; costs two calls.
    func isAlive(_ node: CgroupNode, _ directory: Int32, now: Int64) -> Bool {
        var status = stat()
        guard fstat(directory, &status) == 0 else { return !KernelFault(code: errno).isAbsence }
        guard status.st_nlink > 0 else { return false }
        guard isKernel else { return true }
        switch readProcesses(node, directory, now: now) {
        case .bytes, .failed: return true
        case .missing: return fileExists(directory)
        case .gone: return false
        }
    }

    /// Reads a node's own cgroup.procs.
    func readProcesses(_ node: CgroupNode, _ directory: Int32, now: Int64) -> KernelReader.Contents {
        // cgroup.procs is always there or never: no waiting between tries.
        node.processFile.retryAt = .min
        return reader.read(
            &node.processFile, "cgroup.procs", in: directory, streamed: true,
            record: KernelReader.longestProcess, now: now)
    }

    /// Visits the processes of a node's own cgroup as they are now and returns how many there are, with those that
    /// cannot be looked at; nil where that is not known. `body` must not read anything with the same reader.
    func visitProcesses(of node: CgroupNode, now: Int64, _ body: (Int32) -> Void) -> Int64? {
        let (directory, isTemporary) = enter(node)
        guard directory >= 0 else {
            // What has vanished since the scan has no processes.
            return [-ENOENT, -ENODEV].contains(directory) ? 0 : nil
        }
        defer { if isTemporary { Glibc.close(directory) } }
        switch readProcesses(node, directory, now: now) {
        case .bytes(let bytes):
            return CgroupProcs(parsing: bytes, visit: body).count
        // A threaded cgroup's processes are listed where its domain begins.
        case .missing, .gone: return 0
        case .failed: return nil
        }
    }

    func drop(_ node: CgroupNode) {
        count -= node.size
        overflow -= node.omittedBelow
        node.close(reader)
        generation &+= 1
    }

    private func openRoot() {
        let descriptor = path.withCString { reader.open($0, in: AT_FDCWD, O_DIRECTORY) }
        guard descriptor >= 0 else {
            rootFault = KernelFault(code: -descriptor)
            return
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            rootFault = KernelFault(code: errno)
            close(descriptor)
            return
        }
        rootFault = nil
        isKernel = clinux_filesystem_magic(descriptor) == Self.magic
        let node = CgroupNode(path: CgroupPath(components: []), parent: nil, status: status)
        root = node
        count = 1
        overflow = 0
        generation &+= 1
        if reader.mayKeep(descriptor) { node.directory = descriptor } else { close(descriptor) }
    }

    private func visit(_ node: CgroupNode, depth: Int, now: Int64) {
        if reader.mustRelease(node.directory) { reader.release(&node.directory) }
        let (directory, isTemporary) = enter(node)
        guard directory >= 0 else { return note(node, KernelFault(code: -directory)) }
        defer { if isTemporary { close(directory) } }
        node.fault = nil
        var status = stat()
        guard fstat(directory, &status) == 0 else { return note(node, KernelFault(code: errno)) }
        guard status.st_nlink > 0, UInt64(status.st_ino) == node.inode else {
            remove(node)
            return
        }
        let signature = CgroupNode.Signature(status)
        // File systems that do not count subdirectories (btrfs, overlay) have one link: always listed.
        if node.signature != signature || signature.links < 2 || isDue(node, depth) {
            node.signature = signature
            list(node, directory, depth: depth)
            if let fault = node.listFault { countUnreadable(fault) }
        }
        switch readProcesses(node, directory, now: now) {
        case .bytes(let bytes):
            node.processes = CgroupProcs(parsing: bytes)
            node.processFault = nil
        case .gone:
            remove(node)
            return
        // A threaded cgroup's processes are listed where its domain begins; a dead directory has no files.
        case .missing:
            node.processes = CgroupProcs()
            node.processFault = nil
            if isKernel, !fileExists(directory) {
                remove(node)
                return
            }
        case .failed(let code):
            node.processes = CgroupProcs()
            node.processFault = KernelFault(code: code)
        }
        for child in node.children { visit(child, depth: depth + 1, now: now) }
        gather(node, depth)
    }

    /// Takes note that a directory could not be opened: it is gone, or nothing is known of it.
    private func note(_ node: CgroupNode, _ fault: KernelFault) {
        guard !fault.isAbsence else { return remove(node) }
        node.fault = fault
        node.processesBelow = nil
        countUnreadable(fault)
    }

    private func countUnreadable(_ fault: KernelFault) {
        unreadable += 1
        unreadableFault = unreadableFault ?? fault
    }

    /// Whether a directory that did not change must be listed for what was left out of it.
    private func isDue(_ node: CgroupNode, _ depth: Int) -> Bool {
        node.omitted > 0 && (wantedChanged || (depth < Self.depthLimit && count < limit))
    }

    private func fileExists(_ directory: Int32) -> Bool {
        var status = stat()
        return fstatat(directory, "cgroup.procs", &status, 0) == 0
    }

    /// Sums up what lives in a node and below.
    private func gather(_ node: CgroupNode, _ depth: Int) {
        let isKnown =
            node.processFault == nil && node.listFault == nil && node.omitted == 0
            && node.processes.badLines == 0
        node.processesBelow = isKnown ? node.processes.count : nil
        node.mainProcess = node.processes.first
        node.mainDepth = node.mainProcess > 0 ? depth : -1
        node.mainNode = node
        for child in node.children {
            if let sum = node.processesBelow { node.processesBelow = child.processesBelow.map { sum &+ $0 } }
            // What runs in a container below says nothing of this one's network.
            if child.match == nil, child.mainDepth > node.mainDepth {
                node.mainDepth = child.mainDepth
                node.mainProcess = child.mainProcess
                node.mainNode = child.mainNode
            }
        }
    }

    /// Opens the directory of a node that is not kept, from the nearest one above that is.
    private func openPath(_ node: CgroupNode) -> Int32 {
        var start = AT_FDCWD
        var above = node.parent
        while let candidate = above, candidate.directory < 0 { above = candidate.parent }
        var bytes: [CChar] = []
        var components = node.path.components[...]
        if let above {
            start = above.directory
            components = components.dropFirst(above.path.components.count)
        } else {
            bytes = path.utf8.map { CChar(bitPattern: $0) }
        }
        for component in components {
            if !bytes.isEmpty { bytes.append(0x2f) }
            bytes.append(contentsOf: component.map { CChar(bitPattern: $0) })
        }
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { text in
            text.baseAddress.map { reader.open($0, in: start, O_DIRECTORY) } ?? -ENOENT
        }
    }
}
