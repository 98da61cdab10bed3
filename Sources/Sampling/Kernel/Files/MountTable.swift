// SPDX-License-Identifier: Apache-2.0

/// The mounts of one process's view of the machine, and which of them a path lies on.
struct MountTable: Sendable {
    /// As many mounts as the kernel allows one namespace by itself (fs.mount-max).
    static let limit = 100_000

    /// The mounts in the kernel's order.
    let mounts: [Mount]
    private let byPoint: [String: [Mount]]

    /// Reads a whole mountinfo; lines that are none are skipped, for the format has grown before.
    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        var mounts: [Mount] = []
        while mounts.count < Self.limit, let (line, isWhole) = bytes.nextLine() {
            if isWhole, let mount = Mount(bytes, line: line) { mounts.append(mount) }
        }
        self.mounts = mounts
        byPoint = Dictionary(grouping: mounts, by: \.point)
    }

    /// Reads a whole mountinfo.
    init(parsing bytes: [UInt8]) {
        self = bytes.withUnsafeBufferPointer { MountTable(parsing: KernelBytes($0)) }
    }

    /// The mount at `/`; nil in a chroot, whose root need not be a mount.
    var root: Mount? {
        guard let points = byPoint["/"] else { return nil }
        let ids = Set(points.map(\.id))
        guard let lowest = points.first(where: { !ids.contains($0.parent) || $0.parent == $0.id }) else {
            return points.last
        }
        return top(of: "/", on: lowest)
    }

    /// The mount that a directory leads into, coming from the mount of its parent directory: what is mounted
    /// right there, the topmost of a stack, or the same mount as before.
    func descend(into path: String, from mount: Mount) -> Mount { top(of: path, on: mount) }

    /// The mount that a path lies on, symbolic links not considered; nil in an empty table.
    func mount(of path: String) -> Mount? {
        guard var mount = root else { return longest(path) }
        var prefix = ""
        for component in path.split(separator: "/") {
            prefix += "/" + component
            mount = descend(into: prefix, from: mount)
        }
        return mount
    }

    private func top(of path: String, on lower: Mount) -> Mount {
        guard let points = byPoint[path] else { return lower }
        var mount = lower
        // Each step goes to another mount of the list, so that even a forged circle ends.
        for _ in points {
            guard let upper = points.first(where: { $0.parent == mount.id && $0.id != mount.id }) else {
                break
            }
            mount = upper
        }
        return mount
    }

    /// Without a root to start from: the longest mount point above the path, the latest of its stack.
    private func longest(_ path: String) -> Mount? {
        mounts.filter { $0.point == "/" || $0.point == path || path.hasPrefix($0.point + "/") }
            .enumerated()
            .max { ($0.element.point.utf8.count, $0.offset) < ($1.element.point.utf8.count, $1.offset) }?
            .element
    }
}
