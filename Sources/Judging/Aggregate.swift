// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// What all checks together come to.
package struct Aggregate: Sendable, Equatable {
    /// One check's part in the whole.
    package struct Part: Sendable {
        /// What it adds to the status.
        package var contribution: Status
        /// Whether it is critical, not in maintenance, and has no evidence yet.
        package var holdsReadiness: Bool

        /// Makes a part.
        package init(contribution: Status, holdsReadiness: Bool) {
            self.contribution = contribution
            self.holdsReadiness = holdsReadiness
        }

        /// The part of a check that stands alone.
        package init(_ machine: CheckMachine) {
            contribution = machine.contribution
            holdsReadiness = machine.holdsReadiness
        }
    }

    /// The worst contribution; healthy where there are no checks.
    package private(set) var status = Status.healthy
    /// Whether traffic should be sent here: not unhealthy, nothing critical still pending, not on the way out.
    /// Degraded stays ready: it still serves.
    package private(set) var ready: Bool

    /// Sums up.
    package init(_ parts: some Sequence<Part>, draining: Bool = false) {
        var held = draining
        for part in parts {
            status = max(status, part.contribution)
            held = held || part.holdsReadiness
        }
        ready = !held && status != .unhealthy
    }
}
