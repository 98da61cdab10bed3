// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Configuration {
    /// The one agent beside which this vitald lives: then it measures nothing else.
    struct Agent: Sendable, Equatable {
        /// How long an agent that was not yet seen is called starting and not dead.
        private static let startPeriod = "30s"

        /// The agent's unit, as systemctl shows it.
        var unit: String
        /// The agent's cgroup, where it is not that of the unit: a container's, for example.
        var cgroup: String?

        /// Picks the agent and what lives below it, as the patterns of `containers.include`.
        var patterns: [String] {
            // A path picks itself and all below it, to the letter.
            if let cgroup { return [cgroup] }
            // In a glob a backslash would make the next byte plain and vanish itself.
            let name = unit.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            // A name without one is the unit's own as well, and a name that is written out has to be there.
            return (name == unit ? [name] : []) + ["*/\(name)", "*/\(name)/*"]
        }

        /// What is watched beside an agent where nobody says what: whether it runs, and whether it ran out of memory.
        /// Both start at the same time, so that the agent need not be there at the first look.
        var builtInChecks: [UInt8] {
            var writer = JSONWriter()
            writer.object { root in
                root.member(
                    "checks",
                    array: { list in
                        if cgroup == nil {
                            list.object { check in
                                check.member("name", "agent")
                                check.member("type", "unit")
                                check.member("unit", unit)
                                check.member("startPeriod", Self.startPeriod)
                            }
                        }
                        list.object { check in
                            check.member("name", cgroup == nil ? "memory" : "agent")
                            check.member("type", "container")
                            check.member("select", array: { list in patterns.forEach { list.string($0) } })
                            check.member("warnMemoryPercent", Int64(90))
                            check.member("failOnOOM", "10m")
                            if cgroup == nil {
                                check.member("dependsOn", array: { $0.string("agent") })
                            } else {
                                check.member("startPeriod", Self.startPeriod)
                            }
                        }
                    })
            }
            return writer.bytes
        }
    }
}
