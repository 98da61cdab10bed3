// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// What a check is judged by: the thresholds of its configuration, and where its evidence comes from.
package struct CheckRules: Sendable, Equatable {
    /// Where the evidence comes from.
    package var evidence: Evidence
    /// How much the check weighs.
    package var impact: Impact
    /// Consecutive fails until unhealthy.
    package var fall: Int
    /// Consecutive non-passes until degraded.
    package var warnAfter: Int
    /// Consecutive better results until it improves.
    package var rise: Int
    /// How long a result is good for: `staleAfter` intervals and one timeout. Nil: for ever.
    package var staleAfter: Duration?
    /// One round, the time in which a new result must be there: an interval and a timeout.
    package var round: Duration
    /// Failures do not count until the first pass or this long after the start.
    package var startPeriod: Duration

    /// The rules of a configured check.
    ///
    /// Staleness counts in the configured interval even while the shorter start interval is used: a check that is
    /// asked more often to get ready sooner must not be given up sooner.
    package init(_ definition: CheckDefinition, evidence: Evidence = .attempts) {
        self.evidence = evidence
        impact = definition.impact
        startPeriod = definition.startPeriod
        round = definition.interval + definition.timeout
        switch evidence {
        case .attempts:
            fall = max(1, definition.fall)
            warnAfter = max(1, definition.warnAfter)
            rise = max(1, definition.rise)
            staleAfter = definition.interval * max(1, definition.staleAfter) + definition.timeout
        case .pushes:
            fall = 1
            warnAfter = 1
            rise = 1
            staleAfter = nil
        }
    }
}
