// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Turns a report into the samples of the page: the judgement of each check, and what its probe brought home.
///
/// Checks that are switched off have no samples.
package enum BoardSheet {
    /// Fills an empty sheet from a report.
    package static func fill(_ sheet: inout Sheet, from report: Report, version: String) {
        sheet.begin(BoardFamilies.buildInfo)
        sheet.add(.integer(1), sheet.labels([("version", version)]))
        sheet.begin(BoardFamilies.status)
        for status in Status.allCases {
            sheet.add(truth(status == report.status), sheet.labels([("status", status.word)]))
        }
        sheet.begin(BoardFamilies.ready)
        sheet.add(truth(report.ready))

        let checks = report.checks.filter { $0.definition.enabled }
        let names = checks.map { sheet.labels([("check", $0.definition.name)]) }
        judgements(of: checks, names, &sheet)

        let probes = checks.filter { !($0.last?.series.isEmpty ?? true) }
        let dependencies = probes.map { sheet.labels([("dependency", $0.definition.name)]) }
        sheet.begin(BoardFamilies.probeLastRun)
        for (check, labels) in zip(probes, dependencies) {
            if let wall = check.lastCompletedWall { sheet.add(milliseconds(wall), labels) }
        }
        sheet.begin(BoardFamilies.probeFailures)
        for (check, labels) in zip(probes, dependencies) {
            sheet.add(.integer(Int64(clamping: check.consecutiveFailures)), labels)
        }
        ProbeSeries(probes).fill(&sheet)
    }

    private static func judgements(of checks: [CheckReport], _ names: [Sheet.Labels], _ sheet: inout Sheet) {
        sheet.begin(BoardFamilies.checkStatus)
        for (check, name) in zip(checks, names) {
            for level in Level.allCases {
                sheet.add(
                    truth(level == check.shownLevel), sheet.labels([("status", level.word)], after: name))
            }
        }
        sheet.begin(BoardFamilies.checkPhase)
        for (check, name) in zip(checks, names) {
            for phase in Phase.allCases {
                sheet.add(truth(phase == check.phase), sheet.labels([("phase", phase.word)], after: name))
            }
        }
        sheet.begin(BoardFamilies.checkDuration)
        for (check, name) in zip(checks, names) {
            if let last = check.last { sheet.add(.nanos(last.duration.nanoseconds), name) }
        }
        sheet.begin(BoardFamilies.checkRuns)
        for (check, name) in zip(checks, names) {
            for (outcome, count) in zip(Outcome.allCases, check.runs) {
                let labels = sheet.labels([("outcome", outcome.word)], after: name)
                sheet.add(.integer(Int64(clamping: count)), labels)
            }
        }
        sheet.begin(BoardFamilies.checkLastRun)
        for (check, name) in zip(checks, names) {
            if let wall = check.lastCompletedWall { sheet.add(milliseconds(wall), name) }
        }
        sheet.begin(BoardFamilies.checkFailures)
        for (check, name) in zip(checks, names) {
            sheet.add(.integer(Int64(clamping: check.consecutiveFailures)), name)
        }
    }

    private static func truth(_ truth: Bool) -> MetricValue { .integer(truth ? 1 : 0) }

    /// A time of day to the millisecond: finer digits would be noise.
    private static func milliseconds(_ wall: WallTime) -> MetricValue {
        .micros(wall.nanoseconds / 1_000_000 &* 1000)
    }
}
