// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `status` and `checks` show.
enum StatusText {
    /// The first line: the status in a word, since when, and what stands where.
    static func headline(_ status: StatusQuery.Reply, now: WallTime, paint: Paint) -> String {
        var parts = [paint.state(HealthState(status.status))]
        parts.append(status.draining ? "draining" : status.ready ? "ready" : "not ready")
        parts.append("for \(Amount.age(since: status.since, now: now))")
        var line = parts.joined(separator: ", ")
        if let reason = status.reason { line += ": \(Table.printable(reason))" }
        return line
    }

    /// How many checks stand where; what is none is not said.
    static func summary(_ counts: HealthCounts) -> String {
        if counts.total == 0, counts.disabled == 0 { return "no checks" }
        let kinds = [
            (counts.healthy, "healthy"), (counts.degraded, "degraded"), (counts.unhealthy, "unhealthy"),
            (counts.unknown, "unknown"), (counts.disabled, "off"),
        ]
        var said = kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        // Stale checks are among those that do not work, or need a look.
        if counts.stale > 0 { said += "; \(counts.stale) stale" }
        return "\(counts.total) check\(counts.total == 1 ? "" : "s"): \(said)"
    }

    /// The checks, one a line.
    static func table(_ checks: [CheckView], now: WallTime, paint: Paint) -> [String] {
        guard !checks.isEmpty else { return [] }
        var table = Table(
            ["CHECK", "STATE", "SINCE", "TYPE", "LATENCY", "LAST", "MESSAGE"],
            sides: [.left, .left, .right, .left, .right, .right, .left])
        for check in checks {
            table.add([
                check.name, check.state.word, Amount.age(since: check.since, now: now), check.type,
                Amount.latency(check.latency), Amount.age(since: check.lastRun, now: now), remark(check),
            ])
        }
        return table.lines { row, column, text in
            row == 0 ? paint.faint(text) : column == 1 ? paint.text(text, checks[row - 1].state.tone) : text
        }
    }

    /// The reason and the sentence, and the flags that explain why they do not count as one would think.
    static func remark(_ check: CheckView) -> String {
        var parts: [String] = []
        if let reason = check.reason { parts.append("[\(reason)]") }
        if let message = check.message, !message.isEmpty { parts.append(message) }
        if check.flapping { parts.append("(flapping)") }
        if check.maintenance { parts.append("(maintenance)") }
        if let cause = check.suppressedBy { parts.append("(because of \(cause))") }
        return parts.joined(separator: " ")
    }

    /// Everything about one check.
    static func detail(_ check: CheckView, now: WallTime, paint: Paint) -> [String] {
        var rows: [(String, String)] = [
            ("state", paint.state(check.state) + ", impact \(check.impact.rawValue)"),
            ("since", Amount.age(since: check.since, now: now)),
            ("type", check.type), ("target", check.target),
            ("last", last(check, now: now)),
        ]
        let remark = remark(check)
        if !remark.isEmpty { rows.append(("message", remark)) }
        if check.failures > 0 { rows.append(("failures", "\(check.failures) in a row")) }
        if let detail = check.detail {
            if let method = detail.fedBy {
                // Neither schedule nor thresholds apply: the target says how long a push is good for.
                rows.append(("fed by", method))
            } else {
                rows.append(("schedule", "every \(detail.interval), timeout \(detail.timeout)"))
                rows.append(
                    ("thresholds", "fall \(detail.fall), warnAfter \(detail.warnAfter), rise \(detail.rise)"))
            }
            let runs = zip(Outcome.allCases, detail.runs).filter { $0.1 > 0 }.map { "\($0.1) \($0.0.word)" }
            if !runs.isEmpty { rows.append(("runs", runs.joined(separator: ", "))) }
            if detail.discarded > 0 { rows.append(("discarded", "\(detail.discarded) that came too late")) }
            let steps = detail.phases.map { "\($0.phase) \(Amount.latency($0.milliseconds))" }
            if !steps.isEmpty { rows.append(("steps", steps.joined(separator: ", "))) }
            if !detail.dependsOn.isEmpty {
                rows.append(("depends on", detail.dependsOn.joined(separator: ", ")))
            }
            if let text = detail.description { rows.append(("about", text)) }
            if let text = detail.runbook { rows.append(("runbook", text)) }
            for fact in detail.facts { rows.append((fact.name, fact.text)) }
        }
        let width = rows.map(\.0.count).max() ?? 0
        return [paint.bold(check.name)]
            + rows.map { name, text in
                "  " + paint.faint(Table.pad(name, to: width)) + "  "
                    + (name == "state" ? text : Table.printable(text))
            }
    }

    private static func last(_ check: CheckView, now: WallTime) -> String {
        guard let outcome = check.outcome else { return "never ran" }
        let when = "\(outcome.word) \(Amount.age(since: check.lastRun, now: now)) ago"
        // Who pushes need not say how long the check took.
        let isUntimed = check.detail?.fedBy != nil && check.latency == 0
        return isUntimed ? when : when + ", took \(Amount.latency(check.latency))"
    }
}

extension Fact {
    /// The value for people.
    var text: String {
        switch value {
        case .text(let text): text
        case .integer(let number): String(number)
        case .number(let number): Amount.decimal(number, places: 2)
        case .boolean(let truth): truth ? "yes" : "no"
        }
    }
}
