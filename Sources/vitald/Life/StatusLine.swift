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
        var counts: [(word: String, count: Int)] = []
        for level in [Level.healthy, .degraded, .unhealthy, .unknown] {
            let count = report.checks.filter { $0.definition.enabled && $0.level == level }.count
            if count > 0 { counts.append((level == .unknown ? "pending" : level.word, count)) }
        }
        let off = report.checks.filter { !$0.definition.enabled }.count
        if off > 0 { counts.append(("switched off", off)) }
        let total = report.checks.count
        return "Running: \(total) check\(total == 1 ? "" : "s"), "
            + counts.map { "\($0.count) \($0.word)" }.joined(separator: ", ")
    }
}
