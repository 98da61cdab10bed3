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
    /// A scan goes over the tree again where something vanished during it, but not for ever.
    static let passLimit = 3
    /// `CGROUP2_SUPER_MAGIC`
    private static let magic: Int64 = 0x6367_7270

    private let reader: KernelReader
    private let path: String
    /// The root; nil while it cannot be opened.
    private(set) var root: CgroupNode?
    /// Grows with every node that appears or goes.
    private(set) var generation: UInt64 = 0
    /// How many cgroups were left out for a limit in the last scan.
    private(set) var overflow = 0
    /// How many cgroups could not be opened in the last scan for want of descriptors.
    private(set) var unreadable = 0
    /// Whether this is the kernel's own tree, where every cgroup has a cgroup.procs.
    private(set) var isKernel = false
    private var count = 0
    private var needsPass = false

    init(_ path: String, _ reader: KernelReader) {
        self.path = path
        self.reader = reader
    }

    deinit { root?.close(reader) }

    /// Brings the tree up to date.
    func scan(now: Int64) {
        if root == nil { openRoot() }
        for _ in 0..<Self.passLimit {
            guard let root else { return }
            needsPass = false
            overflow = 0
            unreadable = 0
            visit(root, depth: 0, now: now)
            if !needsPass { break }
        }
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
        guard fstat(directory, &status) == 0, status.st_nlink > 0 else { return false }
        guard isKernel else { return true }
        if case .bytes = readProcesses(node, directory, now: now) { return true }
        return false
    }

    /// Reads a node's own cgroup.procs.
    func readProcesses(_ node: CgroupNode, _ directory: Int32, now: Int64) -> KernelReader.Contents {
        // cgroup.procs is always there or never: no waiting between tries.
        node.processFile.retryAt = .min
        return reader.read(&node.processFile, "cgroup.procs", in: directory, streamed: true, now: now)
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

    private func drop(_ node: CgroupNode) {
        count -= Self.size(node)
        node.close(reader)
        generation &+= 1
    }

    private func openRoot() {
        let descriptor = path.withCString { reader.open($0, in: AT_FDCWD, O_DIRECTORY) }
        guard descriptor >= 0 else { return }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            return
        }
        isKernel = clinux_filesystem_magic(descriptor) == Self.magic
        let node = CgroupNode(path: CgroupPath(components: []), parent: nil, status: status)
        root = node
        count = 1
        generation &+= 1
        if reader.mayKeep(descriptor) { node.directory = descriptor } else { close(descriptor) }
    }

    private func visit(_ node: CgroupNode, depth: Int, now: Int64) {
        let (directory, isTemporary) = enter(node)
        guard directory >= 0 else {
            if directory == -EMFILE || directory == -ENFILE {
                node.isUnreadable = true
                unreadable += 1
            } else {
                remove(node)
            }
            return
        }
        defer { if isTemporary { close(directory) } }
        node.isUnreadable = false
        var status = stat()
        guard fstat(directory, &status) == 0, status.st_nlink > 0, UInt64(status.st_ino) == node.inode else {
            remove(node)
            return
        }
        let signature = CgroupNode.Signature(status)
        // File systems that do not count subdirectories (btrfs, overlay) have one link: always listed.
        if node.signature != signature || signature.links < 2 {
            node.signature = signature
            list(node, directory, depth: depth)
        }
        switch readProcesses(node, directory, now: now) {
        case .bytes(let bytes): node.processes = CgroupProcs(parsing: bytes)
        case .gone:
            remove(node)
            return
        // A threaded cgroup's processes are listed where its domain begins; a dead directory has no files.
        case .missing:
            node.processes = CgroupProcs()
            if isKernel, !fileExists(directory) {
                remove(node)
                return
            }
        case .failed: node.isUnreadable = true
        }
        for child in node.children { visit(child, depth: depth + 1, now: now) }
        gather(node, depth)
    }

    private func fileExists(_ directory: Int32) -> Bool {
        var status = stat()
        return fstatat(directory, "cgroup.procs", &status, 0) == 0
    }

    /// Sums up what lives in a node and below.
    private func gather(_ node: CgroupNode, _ depth: Int) {
        node.processesBelow = node.processes.count
        node.mainProcess = node.processes.first
        node.mainDepth = node.mainProcess > 0 ? depth : -1
        node.mainNode = node
        for child in node.children {
            node.processesBelow = node.processesBelow &+ child.processesBelow
            // What runs in a container below says nothing of this one's network.
            if child.match == nil, child.mainDepth > node.mainDepth {
                node.mainDepth = child.mainDepth
                node.mainProcess = child.mainProcess
                node.mainNode = child.mainNode
            }
        }
    }

    private func list(_ node: CgroupNode, _ directory: Int32, depth: Int) {
        guard depth < Self.depthLimit else {
            overflow += 1
            return
        }
        guard let names = Self.subdirectories(directory, reader) else {
            node.signature = nil
            return
        }
        var known: Set<[UInt8]> = []
        for child in node.children {
            let name = child.path.components.last ?? []
            // A dead child whose name came back is found dead when it is visited.
            if names.contains(name) { known.insert(name) } else { drop(child) }
        }
        node.children.removeAll { $0.isGone }
        var added = false
        for name in names where !known.contains(name) {
            guard count < Self.nodeLimit else {
                overflow += 1
                continue
            }
            let descriptor = (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { name in
                name.baseAddress.map { reader.open($0, in: directory, O_DIRECTORY | O_NOFOLLOW) } ?? -ENOENT
            }
            var status = stat()
            guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
                if descriptor == -EMFILE || descriptor == -ENFILE {
                    node.signature = nil
                    unreadable += 1
                }
                if descriptor >= 0 { close(descriptor) }
                continue
            }
            let child = CgroupNode(path: node.path.appending(name), parent: node, status: status)
            if reader.mayKeep(descriptor) { child.directory = descriptor } else { close(descriptor) }
            node.children.append(child)
            count += 1
            generation &+= 1
            added = true
        }
        if added {
            node.children.sort {
                ($0.path.components.last ?? []).lexicographicallyPrecedes($1.path.components.last ?? [])
            }
        }
    }

    /// The names of a directory's subdirectories; nil where it cannot be listed.
    private static func subdirectories(_ directory: Int32, _ reader: KernelReader) -> Set<[UInt8]>? {
        let descriptor = reader.open(".", in: directory, O_DIRECTORY)
        guard descriptor >= 0 else { return nil }
        guard let stream = fdopendir(descriptor) else {
            close(descriptor)
            return nil
        }
        defer { closedir(stream) }
        var names: Set<[UInt8]> = []
        while let entry = readdir(stream) {
            let type = Int32(entry.pointee.d_type)
            guard type == Int32(DT_DIR) || type == Int32(DT_UNKNOWN) else { continue }
            let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
            let bytes = Array(UnsafeBufferPointer(start: name, count: strlen(UnsafePointer(name.signed))))
            if bytes == [0x2e] || bytes == [0x2e, 0x2e] { continue }
            names.insert(bytes)
        }
        return names
    }

    private func openPath(_ node: CgroupNode) -> Int32 {
        var bytes = path.utf8.map { CChar(bitPattern: $0) }
        for component in node.path.components {
            bytes.append(0x2f)
            bytes.append(contentsOf: component.map { CChar(bitPattern: $0) })
        }
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { text in
            text.baseAddress.map { reader.open($0, in: AT_FDCWD, O_DIRECTORY) } ?? -ENOENT
        }
    }

    private static func size(_ node: CgroupNode) -> Int { node.children.reduce(1) { $0 + size($1) } }
}

extension UnsafePointer<UInt8> {
    fileprivate var signed: UnsafePointer<CChar> {
        UnsafeRawPointer(self).assumingMemoryBound(to: CChar.self)
    }
}
