// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Where vitald's own cgroup is in the tree that is read.
///
/// The kernel writes cgroup paths relative to the reader's cgroup namespace, in `/proc/PID/cgroup` and in mountinfo
/// alike, and begins them with `/..` where they lead out of it (cgroup_namespaces(7), Linux 4.6). Only where both
/// begin at the same place do they tell which cgroup of the tree is meant.
enum OwnCgroup: Hashable {
    /// At this path of the tree.
    case at(CgroupPath)
    /// Outside of vitald's cgroup namespace, by the path that `self/cgroup` says.
    case outside(CgroupPath)
    /// The tree is not the one that vitald runs in, or begins above its namespace; by the path that `self/cgroup` says.
    case foreign(CgroupPath)
    /// The kernel does not say: no procfs, or no cgroup of version 2.
    case unknown

    /// Compares what `self/cgroup` says with what mountinfo says of the tree's root; nil is what they do not say.
    init(_ written: CgroupPath?, root: CgroupPath?) {
        guard let written else {
            self = .unknown
            return
        }
        let elsewhere: OwnCgroup = written.leavesNamespace ? .outside(written) : .foreign(written)
        guard let root else {
            self = elsewhere
            return
        }
        let (up, below) = Self.split(written)
        let (rootUp, rootBelow) = Self.split(root)
        // The names between a root that is farther up and vitald's namespace are not told.
        guard up == rootUp, below.starts(with: rootBelow) else {
            self = elsewhere
            return
        }
        self = .at(CgroupPath(components: Array(below.dropFirst(rootBelow.count))))
    }

    /// The path in the tree; nil where that is not known.
    var path: CgroupPath? { if case .at(let path) = self { path } else { nil } }

    /// What to tell of it; nil where all is well, and where something else says why.
    func gap(proc: String, _ mount: CgroupMount?) -> KernelGap? {
        switch self {
        case .at, .unknown: return nil
        case .outside(let path):
            return KernelGap(
                .namespace,
                "vitald's own cgroup is outside of its cgroup namespace (\(proc)/self/cgroup says \(path.text)), so "
                    + "it cannot be found in the tree and \"self\" matches nothing",
                remedy: "Start vitald in the cgroup namespace that it belongs to, or in that of the host "
                    + "(--cgroupns=host of docker and podman).")
        case .foreign(let path):
            let root =
                mount?.root.map { "begins at \($0.text) of its cgroup namespace" }
                ?? "is not one of its mounts"
            let host =
                "run vitald in the host's cgroup namespace (--cgroupns=host of docker and podman) to have both."
            return KernelGap(
                .namespace,
                "the tree at \(mount?.directory ?? "--cgroup-root") is not the one that vitald runs in: it \(root), "
                    + "and \(proc)/self/cgroup says \(path.text); so \"self\" matches nothing",
                remedy: mount?.isNamed ?? true
                    ? "Remove --cgroup-root to read vitald's own tree, or " + host
                    : "Mount a cgroup2 tree of its own for vitald, or " + host)
        }
    }

    private static func split(_ path: CgroupPath) -> (up: Int, below: ArraySlice<[UInt8]>) {
        let up = path.components.prefix { $0 == [0x2e, 0x2e] }.count
        return (up, path.components[up...])
    }
}
