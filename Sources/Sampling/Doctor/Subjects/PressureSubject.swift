// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Whether the kernel tells who waits for what (PSI, Linux 4.20).
    static let pressure = Subject("pressure") { surroundings in
        if let gap = surroundings.gap(.pressure) {
            return Diagnosis("pressure", .limited, gap.fact, remedy: gap.remedy)
        }
        guard surroundings.text(surroundings.roots.proc("pressure/cpu")) != nil else {
            return Diagnosis(
                "pressure", .limited,
                "the kernel offers no pressure stall information, so those figures are missing",
                remedy: "Add psi=1 to the kernel's command line; it takes Linux 4.20 with CONFIG_PSI.")
        }
        return Diagnosis("pressure", .ok, "the kernel tells who waits for CPU, memory and IO")
    }
}
