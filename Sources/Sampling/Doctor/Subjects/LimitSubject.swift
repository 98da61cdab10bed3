// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Vitals

extension Subject {
    /// How many descriptors vitald may have, which bounds how many containers it reads cheaply (proc_pid_limits(5)).
    static let limits = Subject("limits") { surroundings in
        let text = surroundings.text(surroundings.roots.proc("self/limits")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        let fields = line?.dropFirst(14).split(separator: " ") ?? []
        guard fields.count >= 2, let soft = Int(fields[0]) else {
            guard fields.first == "unlimited" else {
                if let shortage = DescriptorShortage.current {
                    return Diagnosis(
                        "limits", .limited, DescriptorShortage.sentence(shortage), remedy: raise)
                }
                return Diagnosis(
                    "limits", .unknown, "the limit of open files cannot be read",
                    remedy: "Check whether \(surroundings.roots.proc) is a procfs.")
            }
            return Diagnosis("limits", .ok, "any number of open files is allowed")
        }
        // vitald raises the soft limit to the hard one when it starts.
        let hard =
            fields[0] == fields[1] ? "the hard limit as well" : "the hard limit is \(fields[1])"
        // Some twenty files of each container stay open.
        let used = surroundings.entries(of: surroundings.roots.proc("self/fd"))
        let fact =
            "\(soft) open files are allowed (\(hard)), enough for some \(soft / 21) containers"
            + (used.map { "; \($0) are in use" } ?? "")
        if let used, soft - used < fewLeft {
            return Diagnosis(
                "limits", .limited, fact + ": those that are left are reserved for checks and administrators",
                remedy: raise)
        }
        guard soft < 4096 else { return Diagnosis("limits", .ok, fact) }
        return Diagnosis(
            "limits", .limited, fact + "; to read those beyond costs three times as much",
            remedy: "Raise LimitNOFILE= of the unit to 16384.")
    }

    /// What clients do not get, and some more: connections of this moment come and go.
    private static let fewLeft = 48
    private static let raise = "Raise LimitNOFILE= of the unit, or close idle clients."
}

extension Surroundings {
    /// How many entries a directory has, without the one that looks at it; nil where it cannot be listed.
    fileprivate func entries(of directory: String) -> Int? {
        guard let stream = opendir(directory) else {
            note(errno)
            return nil
        }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        // `.`, `..` and the descriptor of this very look.
        return max(0, count - 3)
    }
}
