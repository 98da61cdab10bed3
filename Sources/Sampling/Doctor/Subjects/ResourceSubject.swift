// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// How much memory and how many tasks vitald may have, by its own cgroup or one above it (cgroups(7)).
    static let resources = Subject("resources") { surroundings in
        guard surroundings.roots.files != nil else { return surroundings.captured("resources") }
        // Only where the tree is vitald's own do the paths of the two mean the same.
        guard let mount = surroundings.cgroupMount, let root = mount.directory,
            let own = OwnCgroup(surroundings.writtenCgroup, root: mount.root).path
        else {
            return Diagnosis(
                "resources", .unknown, "vitald's own cgroup cannot be seen, so neither can its limits",
                remedy: "Follow the advice of the subjects cgroup and namespace.")
        }
        // Where version 1 has the controllers, so it has the limits.
        guard surroundings.controllers(of: root).map({ $0.isSuperset(of: ["memory", "pids"]) }) ?? false
        else {
            return Diagnosis(
                "resources", .unknown,
                "cgroup2 has not both memory and pids here, so vitald's limits cannot be seen",
                remedy: "First fix what the subject cgroup says.")
        }
        // The root of a cgroup namespace has the limits of the container; that of the machine has none.
        let levels = (0...own.components.count).reversed().map { depth in
            own.components.prefix(depth).reduce(root) { $0 + "/" + String(decoding: $1, as: UTF8.self) }
        }
        let memory = levels.flatMap { surroundings.memory(in: $0) }.max { $0.share < $1.share }
        let tasks = levels.compactMap { surroundings.tasks(in: $0) }.max { $0.share < $1.share }
        let facts = [memory, tasks].compactMap { $0?.text }
        guard !facts.isEmpty else {
            return Diagnosis("resources", .ok, "nothing limits vitald's memory or its tasks but the machine")
        }
        let fact = "in use: " + facts.joined(separator: ", ")
        let tight = [memory, tasks].compactMap { $0 }.filter { $0.share > tightness }
        guard !tight.isEmpty else { return Diagnosis("resources", .ok, fact) }
        return Diagnosis(
            "resources", .limited, fact + ": little is left before vitald stands still or is ended",
            remedy: "Raise \(tight.map(\.setting).joined(separator: " and ")) of the unit, or measure less "
                + "(containers.include).")
    }

    /// The share of a limit beyond which it is told.
    private static let tightness = 0.9
}

/// What is used of a limit.
private struct Allowance {
    let setting: String
    let used: Int64
    let limit: Int64
    let text: String

    var share: Double { Double(used) / Double(max(limit, 1)) }

    init(_ setting: String, used: Int64, limit: Int64, text: String) {
        self.setting = setting
        self.used = used
        self.limit = limit
        self.text = text
    }
}

extension Surroundings {
    /// Of `memory.max` and `memory.high`; what the kernel can give back at once does not count.
    fileprivate func memory(in cgroup: String) -> [Allowance] {
        guard let current = number(cgroup + "/memory.current") else { return [] }
        let line = text(cgroup + "/memory.stat")?.split(separator: "\n").first {
            $0.hasPrefix("inactive_file ")
        }
        let used = current - min(current, line.flatMap { Int64($0.dropFirst(14)) } ?? 0)
        return [("memory.high", "MemoryHigh="), ("memory.max", "MemoryMax=")].compactMap { file, setting in
            number(cgroup + "/" + file).map { limit in
                Allowance(
                    setting, used: used, limit: limit,
                    text: "\(ByteCount(used).text) of \(ByteCount(limit).text) of memory (\(setting))")
            }
        }
    }

    fileprivate func tasks(in cgroup: String) -> Allowance? {
        guard let used = number(cgroup + "/pids.current"), let limit = number(cgroup + "/pids.max") else {
            return nil
        }
        return Allowance("TasksMax=", used: used, limit: limit, text: "\(used) of \(limit) tasks (TasksMax=)")
    }

    /// The number in a file; nil for `max`.
    private func number(_ path: String) -> Int64? {
        text(path).flatMap { Int64($0.prefix { $0 != "\n" }) }
    }
}
