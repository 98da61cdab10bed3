// SPDX-License-Identifier: Apache-2.0

/// What is known of the containers and units that a selection picks, and what could not be looked at.
///
/// Only where `unmeasured` is empty does a name that is not among `containers` belong to nothing that runs.
package struct ContainerAnswer: Sendable {
    /// Those that were found, in the order of their paths. Of one whose cgroup cannot be read there is the identity alone,
    /// and in `unreadable` the reason.
    package var containers: [ContainerFigures]
    /// What the selection may pick beside them.
    package var unmeasured: [Unmeasured]
    /// Whether this kernel has pressure stall information at all.
    package var hasPressure: Bool

    /// Makes an answer.
    package init(
        _ containers: [ContainerFigures] = [], unmeasured: [Unmeasured] = [], hasPressure: Bool = false
    ) {
        self.containers = containers
        self.unmeasured = unmeasured
        self.hasPressure = hasPressure
    }
}
