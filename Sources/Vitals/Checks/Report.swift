// SPDX-License-Identifier: Apache-2.0

/// The whole judgement at one moment: immutable, swapped whole, and the source of every answer.
package struct Report: Sendable {
    /// Grows by one with every confirmed change (level, phase, flags or overall status); texts do not count.
    package var sequence: UInt64 = 0
    /// Which configuration this is: 1 at the start, one more after each successful reload.
    package var generation: UInt64 = 1
    /// The overall status.
    package var status = Status.healthy
    /// A sentence where the status needs one, such as `no checks configured`.
    package var reason: String?
    /// Whether traffic should be sent here.
    package var ready = false
    /// Whether every enabled check has completed a first attempt.
    package var started = false
    /// Whether the daemon is shutting down.
    package var draining = false
    /// When the overall status last changed.
    package var since = WallTime(nanoseconds: 0)
    /// When this report was made, monotonic.
    package var made = Instant(nanoseconds: 0)
    /// The checks, in the order of the configuration.
    package var checks: [CheckReport] = []

    /// Makes an empty report: no checks, healthy, with the reason said.
    package init() { reason = "no checks configured" }

    /// The check of this name.
    package func check(named name: String) -> CheckReport? { checks.first { $0.definition.name == name } }
}
