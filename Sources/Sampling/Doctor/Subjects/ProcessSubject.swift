// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Whether vitald sees the processes of others (proc(5), hidepid=).
    static let processes = Subject("processes") { surroundings in
        if let gap = surroundings.gap(.processes) {
            return Diagnosis("processes", .limited, gap.fact, remedy: gap.remedy)
        }
        guard surroundings.text(surroundings.roots.proc("1/stat")) != nil else {
            return Diagnosis(
                "processes", .limited,
                "process 1 is hidden, so start times, limits and networks of others are missing",
                remedy: "Run vitald in the machine's namespace of processes, with ProtectProc=default.")
        }
        return Diagnosis("processes", .ok, "those of all users are seen; no hidepid= stands in the way")
    }
}
