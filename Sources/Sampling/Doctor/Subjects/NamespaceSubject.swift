// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

extension Subject {
    /// Which part of the cgroup tree vitald sees, and where it is in it itself (cgroup_namespaces(7)).
    static let namespace = Subject("namespace") { surroundings in
        let proc = surroundings.roots.proc
        guard let mount = surroundings.cgroupMount, let directory = mount.directory,
            surroundings.isOpen(directory, F_OK)
        else {
            return Diagnosis(
                "namespace", .unknown, "without a cgroup2 tree vitald's own cgroup cannot be found",
                remedy: "Follow the advice of the subject cgroup.")
        }
        let own = OwnCgroup(surroundings.writtenCgroup, root: mount.root)
        if let gap = own.gap(proc: proc, mount) {
            return Diagnosis("namespace", .limited, gap.fact, remedy: gap.remedy)
        }
        guard let path = own.path else {
            return Diagnosis(
                "namespace", .unknown,
                "\(proc)/self/cgroup does not say in which cgroup of version 2 vitald runs",
                remedy: "Check whether \(proc) is a procfs that vitald may read.")
        }
        // The root of the machine is the only cgroup without this file.
        guard surroundings.isOpen(directory + "/cgroup.events", F_OK) else {
            return Diagnosis("namespace", .ok, "the whole tree is visible, and vitald runs in \(path.text)")
        }
        guard mount.isWhole else {
            return Diagnosis(
                "namespace", .limited,
                "the tree is read from \(directory), so only cgroups below it are visible",
                remedy: "Remove --cgroup-root to see the rest.")
        }
        let remedy =
            "Run vitald on the host to see all containers, or mount the host's cgroup2 tree into this container and name "
            + "it with --cgroup-root."
        // Without a cgroup namespace a runtime mounts just the container's own part of the tree.
        guard mount.root?.components.isEmpty ?? true else {
            return Diagnosis(
                "namespace", .limited,
                "the tree at \(directory) begins at \(mount.root?.text ?? "/"), so only one container is visible: what "
                    + "runs there", remedy: remedy)
        }
        return Diagnosis(
            "namespace", .limited,
            "vitald runs in a cgroup namespace of its own (\(proc)/self/cgroup says \(path.text)), so only one container "
                + "is visible: its own",
            remedy: remedy)
    }
}
