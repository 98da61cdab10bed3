// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// Whether anything that was found is left out: by a limit of vitald's own, or because it could not be read.
    static let containers = Subject("containers") { surroundings in
        let cuts = surroundings.missing().compactMap(\.cut)
        guard !cuts.isEmpty else {
            guard surroundings.cgroupDirectory != nil else {
                return Diagnosis(
                    "containers", .limited, "without a cgroup2 tree no container or unit can be found",
                    remedy: "Follow the advice of the subject cgroup.")
            }
            return Diagnosis("containers", .ok, "no container or unit that was found is left out")
        }
        var remedies: [String] = []
        for cut in cuts where !remedies.contains(cut.remedy) { remedies.append(cut.remedy) }
        return Diagnosis(
            "containers", .limited, cuts.map(\.fact).joined(separator: "; "),
            remedy: remedies.joined(separator: " "))
    }
}
