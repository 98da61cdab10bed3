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
            let (from, to) = overall.transition.words
            entries.append(
                JournalEntry(
                    .statusChanged, priority(overall.transition), "overall status is \(to), was \(from)",
                    fields: [("VITALD_STATUS", to), ("VITALD_PREVIOUS", from)]))
        }
        return entries
    }

    private static func line(
        _ change: HealthChange, _ name: String, _ report: Report, overall: HealthChange?
    ) -> JournalEntry {
        let (from, to) = change.transition.words
        var message = "\(name) is \(to)"
        if !isFirst(change.transition) { message += ", was \(from)" }
        if !change.cause.message.isEmpty { message += ": \(change.cause.message)" }
        var fields: [(name: String, value: String)] = [
            ("VITALD_CHECK", name), ("VITALD_STATUS", to), ("VITALD_PREVIOUS", from),
        ]
        if let reason = change.cause.reason { fields.append(("VITALD_REASON", reason.code)) }
        let check = report.check(named: name)
        if let type = check?.definition.type { fields.append(("VITALD_CHECK_TYPE", type)) }
        if let runbook = check?.definition.runbook { fields.append(("VITALD_RUNBOOK", runbook)) }
        if let root = change.cause.root {
            message += " (explained by \(root))"
            fields.append(("VITALD_SUPPRESSED_BY", root))
        }
        if let overall {
            let (from, to) = overall.transition.words
            message += "; overall status is \(to), was \(from)"
            fields.append(("VITALD_OVERALL", to))
        }
        fields.append(("VITALD_SEQUENCE", String(change.sequence)))
        return JournalEntry(
            isFlap(change.transition) ? .checkFlapping : .checkChanged,
            change.cause.root == nil ? priority(change.transition) : .notice,
            message, fields: fields)
    }

    /// Whether nothing was known before.
    private static func isFirst(_ transition: HealthChange.Transition) -> Bool {
        guard case .state(let from, _) = transition else { return false }
        return from == .pending || from == .unknown
    }

    private static func isFlap(_ transition: HealthChange.Transition) -> Bool {
        transition == .flappingStarted || transition == .flappingStopped
    }

    private static func priority(_ transition: HealthChange.Transition) -> JournalEntry.Priority {
        switch transition {
        case .state(_, .unhealthy), .state(_, .stale), .unmuted(.unhealthy), .unmuted(.stale): .error
        case .state(_, .degraded), .unmuted(.degraded), .flappingStarted: .warning
        case .state, .unmuted, .flappingStopped, .maintenanceStarted, .maintenanceEnded: .notice
        }
    }
}
