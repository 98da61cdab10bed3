// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// Reports for tests.
enum ReportSample {
    static let wall = WallTime(nanoseconds: 1_795_371_654_120_000_000)

    /// A check as the judge leaves it after a result.
    static func check(
        _ name: String, _ type: String = "tcp", _ level: Level = .healthy, phase: Phase = .active,
        outcome: Outcome? = nil, message: String = "fine", impact: Impact = .critical, tags: [String] = [],
        facts: [Fact] = [], series: [SeriesPoint] = []
    ) -> CheckReport {
        var definition = CheckDefinition(name: name, type: type)
        definition.impact = impact
        definition.tags = tags
        definition.target = "localhost:1"
        var check = CheckReport(definition: definition)
        check.level = level
        check.phase = phase
        let outcomes: [Level: Outcome] = [.healthy: .pass, .degraded: .warn, .unhealthy: .fail]
        let outcome = outcome ?? outcomes[level] ?? .unknown
        if phase != .pending {
            var last = ProbeResult(
                outcome, reason: outcome == .pass ? nil : "timeout.connect", message: message)
            last.duration = .microseconds(2500)
            last.facts = facts
            last.series = series
            check.last = last
            check.lastCompletedWall = wall
            check.since = wall
            check.runs = [7, 1, 2, 0]
        }
        check.holdsReadiness = phase == .pending && impact == .critical
        check.consecutiveFailures = level == .unhealthy ? 3 : 0
        let worst: Status =
            switch (phase, level) {
            case (.pending, _), (_, .degraded), (_, .unknown): .degraded
            case (.stale, _), (_, .unhealthy): .unhealthy
            case (.active, .healthy): .healthy
            }
        check.contribution =
            switch impact {
            case .critical: worst
            case .degrade: min(worst, .degraded)
            case .info: .healthy
            }
        return check
    }

    /// A report of these checks, aggregated as the judge does it.
    static func report(_ checks: [CheckReport]) -> Report {
        var report = Report()
        report.reason = checks.isEmpty ? "no checks configured" : nil
        report.checks = checks
        report.status = checks.map(\.contribution).max() ?? .healthy
        report.ready =
            report.status != .unhealthy
            && !checks.contains { $0.phase == .pending && $0.definition.impact == .critical }
        report.started = !checks.contains { $0.phase == .pending }
        report.sequence = 7
        report.made = Instant(nanoseconds: 5)
        report.since = wall
        return report
    }
}
