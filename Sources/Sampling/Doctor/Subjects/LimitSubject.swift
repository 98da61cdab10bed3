// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// How many descriptors vitald may have, which bounds how many containers it reads cheaply (proc_pid_limits(5)).
    static let limits = Subject("limits") { surroundings in
        let text = surroundings.text(surroundings.roots.proc("self/limits")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        let fields = line?.dropFirst(14).split(separator: " ") ?? []
        guard fields.count >= 2, let soft = Int(fields[0]) else {
            guard fields.first == "unlimited" else {
                return Diagnosis(
                    "limits", .unknown, "the limit of open files cannot be read",
                    remedy: "Look whether \(surroundings.roots.proc) is a procfs.")
            }
            return Diagnosis("limits", .ok, "any number of open files is allowed")
        }
        // vitald raises the soft limit to the hard one when it starts.
        let hard =
            fields[0] == fields[1] ? "the hard limit as well" : "the hard limit is \(fields[1])"
        // Some twenty files of each container stay open.
        let fact = "\(soft) open files are allowed (\(hard)), enough for some \(soft / 21) containers"
        guard soft < 4096 else { return Diagnosis("limits", .ok, fact) }
        return Diagnosis(
            "limits", .limited, fact + "; to read those beyond costs three times as much",
            remedy: "Raise LimitNOFILE= of the unit to 16384.")
    }
}
