// SPDX-License-Identifier: Apache-2.0

/// Everything the world may know of one check at one moment.
package struct CheckReport: Sendable {
    /// Its configuration.
    package var definition: CheckDefinition
    /// The confirmed level.
    package var level = Level.unknown
    /// Where it stands in its life.
    package var phase = Phase.pending
    /// Whether its outcomes change too often; good news is then damped.
    package var flapping = false
    /// Whether it is taken out of the count for now.
    package var maintenance = false
    /// The check whose failure explains this one's, where there is one.
    package var suppressedBy: String?
    /// What it adds to the overall status at the moment.
    package var contribution = Status.degraded
    /// Whether it keeps the whole from being ready: critical, and without evidence since the start.
    package var holdsReadiness = false
    /// The last completed attempt.
    package var last: ProbeResult?
    /// When the last attempt completed, monotonic.
    package var lastCompleted: Instant?
    /// When the last attempt completed, for people.
    package var lastCompletedWall: WallTime?
    /// When the level last changed, for people.
    package var since: WallTime?
    /// Completed attempts by outcome, in the order of `Outcome`.
    package var runs: [UInt64] = [0, 0, 0, 0]
    /// Fails in a row.
    package var consecutiveFailures = 0
    /// Results that came after their deadline and were thrown away.
    package var discarded: UInt64 = 0

    /// Makes the report of a check that has not run yet.
    package init(definition: CheckDefinition) { self.definition = definition }
}
