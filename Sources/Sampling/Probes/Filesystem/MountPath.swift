// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a configured path leads: through which mounts, without ever touching one that may hang.
///
/// realpath(3) would walk into a dead NFS server. Here each component is looked up in the mount table first,
/// and a symbolic link is read only where the directory that holds it is on a local file system.
struct MountPath: Sendable {
    /// As many links as the kernel follows (MAXSYMLINKS).
    static let maximumLinks = 40

    /// The mount that the path lies on, as far as it could be followed.
    let mount: Mount
    /// The first mount on the way that is not local; everything behind it is asked through a helper process.
    let hazard: Mount?
    /// The path with its links replaced, as far as they could be followed.
    let resolved: String

    /// Follows an absolute path; nil where the table says nothing about it.
    init?(
        _ path: String, in table: MountTable, readLink: (String) -> String? = MountPath.readLink
    ) {
        guard let root = table.root ?? table.mount(of: path) else { return nil }
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var resolved = ""
        var mount = root
        var links = 0
        var hazard = mount.isLocal ? nil : mount
        while hazard == nil, let component = rest.popLast() {
            switch component {
            case ".": continue
            case "..":
                resolved = String(resolved[..<(resolved.lastIndex(of: "/") ?? resolved.startIndex)])
                mount = table.mount(of: resolved) ?? root
            default:
                let next = resolved + "/" + component
                let below = table.descend(into: next, from: mount)
                if !below.isLocal {
                    resolved = next
                    mount = below
                    hazard = below
                } else if below == mount, links < Self.maximumLinks, let target = readLink(next) {
                    links += 1
                    if target.utf8.first == UInt8(ascii: "/") {
                        resolved = ""
                        mount = root
                    }
                    rest += target.split(separator: "/").map(String.init).reversed()
                } else {
                    resolved = next
                    mount = below
                }
            }
        }
        while let component = rest.popLast() {
            resolved += "/" + component
            mount = table.descend(into: resolved, from: mount)
        }
        self.mount = mount
        self.hazard = hazard
        self.resolved = resolved.isEmpty ? "/" : resolved
    }

    /// The target of a symbolic link; nil for everything else.
    static func readLink(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink(path, base, buffer.count)
            guard count > 0, count < buffer.count else { return nil }
            return String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
        }
    }
}
