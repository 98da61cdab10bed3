// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// Something that is looked at to tell what vitald can see here. A new one is a file in `Subjects/` and a line in `all`.
package struct Subject: Sendable {
    /// One word.
    package let name: String
    /// Whether the look may take long, and so has a lane of its own.
    let isSlow: Bool
    /// Looks; on a lane.
    let look: @Sendable (Surroundings) -> Diagnosis

    init(_ name: String, isSlow: Bool = false, look: @escaping @Sendable (Surroundings) -> Diagnosis) {
        self.name = name
        self.isSlow = isSlow
        self.look = look
    }

    /// Looks, and says so where that took descriptors that were not to be had, whatever the look made of it: what could
    /// not be looked at is not missing.
    func diagnosis(_ surroundings: Surroundings) -> Diagnosis {
        let surroundings = surroundings.noting
        let found = look(surroundings)
        guard let code = surroundings.shortage ?? (found.state == .ok ? nil : DescriptorShortage.current)
        else {
            return found
        }
        let sentence = DescriptorShortage.sentence(code)
        // The subject that is about them has said it.
        if found.fact == sentence { return found }
        return Diagnosis(
            name, .unknown, "it could not be looked at: \(sentence)",
            remedy: "Follow the advice of the subject limits.")
    }

    /// All of them, in the order of the answer.
    package static let all: [Subject] = [
        .cgroup, .containers, .namespace, .controllers, .pressure, .processes, .capabilities, .filesystems,
        .names,
        .journal, .log,
        .resolver,
        .clock, .limits, .resources, .credentials, .access,
    ]
}
