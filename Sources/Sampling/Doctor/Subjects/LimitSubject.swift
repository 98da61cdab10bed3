// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// How many descriptors vitald may have, which bounds how many containers it reads cheaply (proc_pid_limits(5)).
    static let limits = Subject("limits") { surroundings in
        let text = surroundings.text(surroundings.roots.proc("self/limits")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        guard let soft = line?.dropFirst(14).split(separator: " ").first.flatMap({ Int($0) }) else {
            return Diagnosis(
                "limits", .unknown, "the limit of open files cannot be read",
                remedy: "Look whether \(surroundings.roots.proc) is a procfs.")
        }
        // Some twenty files of each container stay open.
        let fact = "\(soft) open files are allowed, enough for some \(soft / 21) containers"
        guard soft < 4096 else { return Diagnosis("limits", .ok, fact) }
        return Diagnosis(
            "limits", .limited, fact + "; to read those beyond costs three times as much",
            remedy: "Raise LimitNOFILE= of the unit to 16384.")
    }
}
