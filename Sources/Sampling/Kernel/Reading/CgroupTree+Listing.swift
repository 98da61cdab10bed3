// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// What a directory holds, and what of it is taken into the tree.
extension CgroupTree {
    /// What of the tree nobody looked at, and where containers and units may be for all that is known.
    struct Gaps {
        /// Cgroups left out for a limit.
        var omitted = 0
        /// Cgroups that could not be opened or listed.
        var unreadable = 0
        /// Why the first of them could not.
        var fault: KernelFault?
    }

    /// The gaps outside of containers: what lies inside of one is no container of its own. Walks the whole tree, where
    /// there are any.
    var gaps: Gaps {
        var gaps = Gaps()
        if overflow > 0 || unreadable > 0, let root { Self.gather(root, into: &gaps) }
        return gaps
    }

    private static func gather(_ node: CgroupNode, into gaps: inout Gaps) {
        if node.match?.isContainer ?? false { return }
        gaps.omitted += node.omitted
        if let fault = node.fault ?? node.listFault {
            gaps.unreadable += 1
            gaps.fault = gaps.fault ?? fault
        }
        for child in node.children { gather(child, into: &gaps) }
    }

    /// Brings a node's children up to date.
    func list(_ node: CgroupNode, _ directory: Int32, depth: Int) {
        var listed: Set<[UInt8]> = []
        node.listFault = subdirectories(directory, into: &listed)
        guard node.listFault == nil else {
            node.signature = nil
            return
        }
        var names = listed
        for child in node.children {
            let name = child.path.components.last ?? []
            // A dead child whose name came back is found dead when it is visited.
            if listed.contains(name) { names.remove(name) } else { drop(child) }
        }
        node.children.removeAll { $0.isGone }
        var omitted = 0
        var added = false
        // Where not all fit in, the same ones do every time.
        let isShort = depth >= Self.depthLimit || count + names.count > limit
        for name in isShort ? names.sorted(by: { $0.lexicographicallyPrecedes($1) }) : Array(names) {
            let path = node.path.appending(name)
            guard (depth < Self.depthLimit && count < limit) || isWanted(path, depth) else {
                omitted += 1
                continue
            }
            guard let child = child(name, path, of: node, directory) else {
                // Asked for again at the next scan, where it did not just vanish.
                if node.listFault != nil { node.signature = nil }
                continue
            }
            node.children.append(child)
            count += 1
            generation &+= 1
            added = true
        }
        overflow += omitted - node.omitted
        node.omitted = omitted
        if added {
            node.children.sort {
                ($0.path.components.last ?? []).lexicographicallyPrecedes($1.path.components.last ?? [])
            }
        }
    }

    /// Whether something is taken in beyond the limits.
    private func isWanted(_ path: CgroupPath, _ depth: Int) -> Bool {
        guard !wanted.isEmpty, depth < Self.wantedDepthLimit, count < limit + Self.reserve,
            comparisons < Self.comparisonLimit
        else { return false }
        comparisons += wanted.cost
        return wanted.contains(path)
    }

    /// A node for a subdirectory; nil where there is none any more, or where not even that can be told.
    private func child(
        _ name: [UInt8], _ path: CgroupPath, of node: CgroupNode, _ directory: Int32
    ) -> CgroupNode? {
        var status = stat()
        let opened: Int32
        var fault: KernelFault?
        let text = name.map { CChar(bitPattern: $0) } + [0]
        opened = text.withUnsafeBufferPointer { name in
            name.baseAddress.map { reader.open($0, in: directory, O_DIRECTORY | O_NOFOLLOW) } ?? -ENOENT
        }
        if opened >= 0 {
            guard fstat(opened, &status) == 0 else {
                node.listFault = KernelFault(code: errno)
                close(opened)
                return nil
            }
        } else {
            // It takes no descriptor to see that it is there: only what it holds is unknown.
            guard fstatat(directory, text, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                let unknown = KernelFault(code: errno)
                if !unknown.isAbsence { node.listFault = unknown }
                return nil
            }
            guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
            fault = KernelFault(code: -opened)
        }
        let child = CgroupNode(path: path, parent: node, status: status)
        child.fault = fault
        child.firstSeen = scanned
        // In the kernel's own tree nothing is moved from place to place: what was not there is new.
        if isKernel { child.bornAfter = lastWhole }
        if opened >= 0 {
            if reader.mayKeep() { child.directory = opened } else { close(opened) }
        }
        return child
    }

    /// The names of a directory's subdirectories; why it cannot be listed, where it cannot.
    private func subdirectories(_ directory: Int32, into names: inout Set<[UInt8]>) -> KernelFault? {
        let descriptor = reader.open(".", in: directory, O_DIRECTORY)
        guard descriptor >= 0 else { return KernelFault(code: -descriptor) }
        guard let stream = fdopendir(descriptor) else {
            let fault = KernelFault(code: errno)
            close(descriptor)
            return fault
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let type = Int32(entry.pointee.d_type)
            guard type == Int32(DT_DIR) || type == Int32(DT_UNKNOWN) else { continue }
            let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 19
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
            let bytes = Array(UnsafeBufferPointer(start: name, count: strlen(UnsafePointer(name.signed))))
            if bytes == [0x2e] || bytes == [0x2e, 0x2e] { continue }
            names.insert(bytes)
        }
        // The end of a directory that was removed meanwhile (ENOENT) is found out when it is visited.
        return errno == 0 || errno == ENOENT ? nil : KernelFault(code: errno)
    }
}

extension UnsafePointer<UInt8> {
    fileprivate var signed: UnsafePointer<CChar> {
        UnsafeRawPointer(self).assumingMemoryBound(to: CChar.self)
    }
}
