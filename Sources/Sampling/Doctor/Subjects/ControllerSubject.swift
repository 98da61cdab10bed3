// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Whether the controllers are switched on where containers are measured: `cgroup.controllers` of a cgroup is
    /// `cgroup.subtree_control` of the one above it (cgroups(7)). Asks the sampler, which may be busy.
    ///
    /// `cpu` is left out: `cpu.stat` tells the usage without it (Linux 4.15), and without it nothing is throttled.
    static let controllers = Subject("controllers", isSlow: true) { surroundings in
        guard let root = surroundings.cgroupDirectory,
            let offered = surroundings.controllers(of: root)?.intersection(["io", "memory", "pids"]),
            !offered.isEmpty
        else {
            return Diagnosis(
                "controllers", .limited,
                "there is none to switch on: cgroup2 has neither io nor memory nor pids here",
                remedy: "First fix what the subject cgroup says.")
        }
        guard let measured = surroundings.house.measured() else {
            return Diagnosis(
                "controllers", .unknown, "the sampler is too busy to say what it measures",
                remedy: "Ask again; where it stays so, look at vitald_collector_duration_seconds.")
        }
        var lacking: [String: [String]] = [:]
        for cgroup in measured {
            guard let there = surroundings.controllers(of: root + cgroup) else { continue }
            for controller in offered where !there.contains(controller) {
                lacking[controller, default: []].append(cgroup)
            }
        }
        let names = offered.sorted().joined(separator: ", ")
        guard !lacking.isEmpty else {
            let count = measured.count
            return Diagnosis(
                "controllers", .ok,
                count == 0
                    ? "\(names) can be switched on; nothing is measured so far"
                    : "\(names): switched on for all \(count) that are measured")
        }
        let facts = lacking.sorted { $0.key < $1.key }.map { controller, cgroups in
            "\(controller) is off for \(cgroups.count) of \(measured.count) that are measured"
                + (cgroups.min().map { ", such as \($0)" } ?? "")
        }
        let settings = lacking.keys.sorted().compactMap { accounting[$0] }.map { "Default\($0)=yes" }
        return Diagnosis(
            "controllers", .limited, facts.joined(separator: "; ") + ": those figures are missing",
            remedy:
                "Write \(settings.joined(separator: " and ")) into /etc/systemd/system.conf, then systemctl "
                + "daemon-reexec.")
    }

    /// The settings of systemd-system.conf(5), which for io is off where nobody says otherwise.
    private static let accounting = [
        "io": "IOAccounting", "memory": "MemoryAccounting", "pids": "TasksAccounting",
    ]
}
