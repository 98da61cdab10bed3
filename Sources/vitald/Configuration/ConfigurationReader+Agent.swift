// SPDX-License-Identifier: Apache-2.0

import Sampling
import Vitals

extension ConfigurationReader {
    /// The agent beside which this vitald lives alone, where `--instance` or `instance` names one.
    func agent(_ top: inout ConfigurationObject) -> Configuration.Agent? {
        let instance = overrides.instance
        guard instance != nil || top.has("instance") else {
            _ = top.raw("instance")
            return nil
        }
        return top.object("instance") { object -> Configuration.Agent? in
            let unit =
                if let instance { object.string("unit", default: instance.unit) } else {
                    object.optionalString("unit") ?? ""
                }
            let cgroup = object.optionalString("cgroup")
            // What is no agent is told once, not again by all that would be derived from it.
            if !unit.isEmpty, let problem = UnitName.problem(with: unit) {
                object.fault(
                    "unit", "\(object.quote(unit)) \(problem)",
                    remedy: "Write the unit's name as systemctl shows it, or a path as `cgroup`.")
                return nil
            }
            if unit.utf8.contains(where: { "*?[".utf8.contains($0) }) {
                object.fault(
                    "unit", "\(object.quote(unit)) is a pattern, not one unit",
                    remedy: "Name one; to watch several, leave out `instance` and write `containers.include`."
                )
                return nil
            }
            if let cgroup, cgroup.utf8.first != UInt8(ascii: "/") || cgroup == "/" {
                object.fault(
                    "cgroup", "\(object.quote(cgroup)) is not the cgroup of an agent",
                    remedy: "Write its path below the cgroup mount, for example "
                        + "\"/system.slice/agno-data-api.service\".")
                return nil
            }
            if unit.isEmpty, cgroup == nil {
                object.fault(
                    nil, "names neither `unit` nor `cgroup`",
                    remedy: "Add one, for example \"unit\": \"agno-data-api.service\", or remove `instance`.")
                return nil
            }
            return Configuration.Agent(unit: unit, cgroup: cgroup)
        }
    }
}
