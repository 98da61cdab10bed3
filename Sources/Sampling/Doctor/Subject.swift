// SPDX-License-Identifier: Apache-2.0

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

    /// All of them, in the order of the answer.
    package static let all: [Subject] = [
        .cgroup, .containers, .namespace, .controllers, .pressure, .processes, .capabilities, .filesystems,
        .names,
        .journal, .log,
        .resolver,
        .clock, .limits, .resources, .credentials, .access,
    ]
}
