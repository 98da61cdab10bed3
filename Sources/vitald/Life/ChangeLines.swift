// SPDX-License-Identifier: Apache-2.0

import Publishing
import Vitals

/// Turns confirmed changes into lines of the log: one line a change of health, nothing in steady state.
enum ChangeLines {
    /// The lines of the changes that one result or tick brought; a change of the overall status that a check
    /// brought along stands in that check's line.
    static func entries(_ changes: [HealthChange], _ report: Report) -> [JournalEntry] {
        let overall = changes.last { $0.subject == .overall }
        var entries: [JournalEntry] = []
        var saidOverall = false
        for change in changes {
            guard case .check(let name) = change.subject else { continue }
            let says = overall != nil && !saidOverall
            entries.append(line(change, name, report, overall: says ? overall : nil))
            saidOverall = saidOverall || says
        }
        if let overall, !saidOverall {
            entries.append(
                JournalEntry(
                    .statusChanged, priority(overall.to),
                    "overall status is \(overall.to), was \(overall.from)",
                    fields: [("VITALD_STATUS", overall.to), ("VITALD_PREVIOUS", overall.from)]))
        }
        return entries
    }

    private static func line(
        _ change: HealthChange, _ name: String, _ report: Report, overall: HealthChange?
    ) -> JournalEntry {
        var message = "\(name) is \(change.to)"
        if change.from != "unknown" { message += ", was \(change.from)" }
        if !change.message.isEmpty { message += ": \(change.message)" }
        var fields: [(name: String, value: String)] = [
            ("VITALD_CHECK", name), ("VITALD_STATUS", change.to), ("VITALD_PREVIOUS", change.from),
        ]
        if let reason = change.reason { fields.append(("VITALD_REASON", reason.code)) }
        let check = report.check(named: name)
        if let type = check?.definition.type { fields.append(("VITALD_CHECK_TYPE", type)) }
        if let runbook = check?.definition.runbook { fields.append(("VITALD_RUNBOOK", runbook)) }
        if let cause = check?.suppressedBy {
            message += " (explained by \(cause))"
            fields.append(("VITALD_SUPPRESSED_BY", cause))
        }
        if let overall {
            message += "; overall status is \(overall.to), was \(overall.from)"
            fields.append(("VITALD_OVERALL", overall.to))
        }
        fields.append(("VITALD_SEQUENCE", String(change.sequence)))
        let isFlap = change.to == "flapping" || change.to == "steady"
        return JournalEntry(
            isFlap ? .checkFlapping : .checkChanged,
            check?.suppressedBy == nil ? priority(change.to) : .notice,
            message, fields: fields)
    }

    private static func priority(_ word: String) -> JournalEntry.Priority {
        switch word {
        case "unhealthy", "stale": .error
        case "degraded", "flapping": .warning
        default: .notice
        }
    }
}
