// SPDX-License-Identifier: Apache-2.0

/// One check as the socket shows it; `checks.list`, `checks.get`, `checks.run` and snapshots share it.
package struct CheckView: Sendable, Hashable {
    /// What only `checks.get` and `checks.run` show.
    package struct Detail: Sendable, Hashable {
        /// The method that feeds it; nil where vitald asks for itself.
        package var fedBy: String?
        /// Time between two attempts, as the configuration writes it: `10s`.
        package var interval: String
        /// The deadline of an attempt, likewise.
        package var timeout: String
        /// Consecutive fails until unhealthy.
        package var fall: Int
        /// Consecutive non-passes until degraded.
        package var warnAfter: Int
        /// Consecutive better results until it improves.
        package var rise: Int
        /// The checks whose failure explains this one's.
        package var dependsOn: [String]
        /// What it is for.
        package var description: String?
        /// Where to read what to do.
        package var runbook: String?
        /// Steps of the last attempt with their milliseconds, in order.
        package var phases: [PhaseTime]
        /// Findings of the last attempt, in order.
        package var facts: [Fact]
        /// Completed attempts by outcome: pass, warn, fail, unknown.
        package var runs: [Int64]
        /// Results that came too late and were thrown away.
        package var discarded: Int64
    }

    /// One step of an attempt.
    package struct PhaseTime: Sendable, Hashable {
        /// `resolve`, `connect`, `tls` …
        package var phase: String
        /// Milliseconds.
        package var milliseconds: Double
    }

    /// Its name.
    package var name: String
    /// `postgres`, `http` …
    package var type: String
    /// What is probed, without any secret.
    package var target: String
    /// How much it weighs.
    package var impact: Impact
    /// Whether it is switched on.
    package var enabled: Bool
    /// The level that is shown; never healthy where the phase is not `active`.
    package var level: Level
    /// Where it stands in its life.
    package var phase: Phase
    /// Whether its outcomes change too often.
    package var flapping: Bool
    /// Whether it is taken out of the count for now.
    package var maintenance: Bool
    /// The check whose failure explains this one's.
    package var suppressedBy: String?
    /// What it adds to the overall status.
    package var contribution: Status
    /// The last attempt alone; nil before the first.
    package var outcome: Outcome?
    /// The stable code of the last attempt.
    package var reason: Reason?
    /// The sentence of the last attempt.
    package var message: String?
    /// How long the last attempt took, milliseconds.
    package var latency: Double?
    /// When the last attempt completed, RFC 3339.
    package var lastRun: String?
    /// When the level last changed, RFC 3339.
    package var since: String?
    /// Fails in a row.
    package var failures: Int64
    /// Words to select by.
    package var tags: [String]
    /// The rest, where it was asked for.
    package var detail: Detail?

    /// Its state in one: switched off, pending, stale, or its level.
    package var state: HealthState { HealthState(level, phase, enabled: enabled) }

    /// The view of a check.
    package init(_ report: CheckReport, detailed: Bool = false) {
        let definition = report.definition
        name = definition.name
        type = definition.type
        target = definition.target
        impact = definition.impact
        enabled = definition.enabled
        level = report.shownLevel
        phase = report.phase
        flapping = report.flapping
        maintenance = report.maintenance
        suppressedBy = report.suppressedBy
        contribution = report.contribution
        outcome = report.last?.outcome
        reason = report.last?.reason
        message = report.last?.message
        latency = report.last?.duration.milliseconds
        lastRun = report.lastCompletedWall?.rfc3339
        since = report.since?.rfc3339
        failures = Int64(report.consecutiveFailures)
        tags = definition.tags
        guard detailed else { return }
        detail = Detail(
            fedBy: definition.fedBy?.method, interval: DurationText.render(definition.interval),
            timeout: DurationText.render(definition.timeout),
            fall: definition.fall, warnAfter: definition.warnAfter, rise: definition.rise,
            dependsOn: definition.dependsOn, description: definition.description, runbook: definition.runbook,
            phases: report.last?.phases.map {
                PhaseTime(phase: $0.phase.word, milliseconds: $0.duration.milliseconds)
            } ?? [],
            facts: report.last?.facts ?? [], runs: report.runs.map { Int64(clamping: $0) },
            discarded: Int64(clamping: report.discarded))
    }
}
