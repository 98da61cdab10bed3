// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The sentence that systemctl shows, and what of it has been said already.
struct StatusLine {
    /// What the last sentence told of the checks.
    private var said = ""
    /// Why the last reload failed; stays until one succeeds, whatever the checks do meanwhile.
    private var complaint: String?

    /// What is to be said now; nil where nothing has changed since the last sentence.
    mutating func next(_ report: Report) -> String? {
        let running = Self.running(report)
        guard running != said else { return nil }
        said = running
        return complaint.map { "\(running); \($0)" } ?? running
    }

    /// Whether `next` would say something.
    func hasNews(_ report: Report) -> Bool { Self.running(report) != said }

    /// After a reload that took place.
    mutating func reloaded(_ report: Report) -> String {
        said = Self.running(report)
        complaint = nil
        return "Running: generation \(report.generation), " + said.dropFirst("Running: ".count)
    }

    /// After one that was refused, with the summary of its faults.
    mutating func refused(_ report: Report, because summary: String) -> String {
        said = Self.running(report)
        complaint = "reload failed, keeping generation \(report.generation): \(summary)"
        return "Reload failed, keeping generation \(report.generation): \(summary)"
    }

    /// `Running: 12 checks, 11 healthy, 1 degraded`
    static func running(_ report: Report) -> String {
        guard !report.checks.isEmpty else { return "Running: no checks" }
        let counts = Self.order.compactMap { state -> String? in
            let count = report.count(state)
            return count > 0 ? "\(count) \(state == .switchedOff ? "switched off" : state.word)" : nil
        }
        let total = report.checks.count
        return "Running: \(total) check\(total == 1 ? "" : "s"), " + counts.joined(separator: ", ")
    }

    /// The states of a check, in the order in which they are said.
    private static let order: [HealthState] = [
        .healthy, .degraded, .unhealthy, .stale, .unknown, .pending, .switchedOff,
    ]
}
