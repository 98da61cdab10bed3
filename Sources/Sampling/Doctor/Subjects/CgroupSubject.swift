// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Which version of cgroups this machine has, and whether the controllers are there (cgroups(7)).
    static let cgroup = Subject("cgroup") { surroundings in
        guard let mounts = surroundings.mounts?.mounts else {
            return Diagnosis(
                "cgroup", .missing, "the mounts of this machine cannot be read, so no container is measured",
                remedy: "Check whether \(surroundings.roots.proc) is a procfs that vitald may read.")
        }
        let hasFirst = mounts.contains { $0.type == "cgroup" }
        let second = mounts.filter { $0.type == "cgroup2" }.min { $0.point.utf8.count < $1.point.utf8.count }
        let version =
            switch (hasFirst, second) {
            case (false, _?): "version 2"
            case (true, _?): "hybrid, versions 1 and 2"
            case (true, nil): "version 1"
            case (false, nil): "not mounted"
            }
        if let gap = surroundings.gap(.containers) {
            return Diagnosis(
                "cgroup", second == nil ? .missing : .limited, "\(version): \(gap.fact)", remedy: gap.remedy)
        }
        return Diagnosis(
            "cgroup", .ok,
            "\(version) at \(second?.point ?? surroundings.roots.cgroup ?? "its mount"), with every "
                + "controller that vitald reads")
    }
}
