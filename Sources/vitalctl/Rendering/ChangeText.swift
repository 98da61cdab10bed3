// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `watch` and `history` show.
enum ChangeText {
    /// One change as one line: `18:20:54  cache  healthy → unhealthy  [timeout.connect] no answer`.
    static func line(_ change: ChangeView, now: WallTime, paint: Paint) -> String {
        let subject = change.check ?? "overall"
        var line =
            "\(paint.faint(Amount.localTime(change.time, now: now)))  \(Table.pad(Table.printable(subject), to: 16))  "
            + "\(paint.health(change.from)) → \(paint.health(change.to))"
        if let reason = change.reason { line += "  [\(Table.printable(reason))]" }
        if !change.message.isEmpty {
            line += (change.reason == nil ? "  " : " ") + Table.printable(change.message)
        }
        return line
    }

    /// The results of a check, one a line, oldest first.
    static func history(_ history: History.Reply, now: WallTime, paint: Paint) -> [String] {
        guard !history.results.isEmpty else { return ["\(Table.printable(history.name)) has not run yet"] }
        var table = Table(
            ["TIME", "RESULT", "LEVEL", "LATENCY", "MESSAGE"], sides: [.left, .left, .left, .right, .left])
        for result in history.results {
            table.add([
                Amount.localTime(result.time, now: now), result.outcome, result.level,
                Amount.latency(result.latency),
                (result.reason.map { "[\($0)] " } ?? "") + result.message,
            ])
        }
        var lines = table.lines { row, column, text in
            row == 0 ? paint.faint(text) : column == 1 || column == 2 ? paint.health(text) : text
        }
        if !history.changes.isEmpty {
            lines += ["", "changes"]
            lines += history.changes.map { line($0, now: now, paint: paint) }
        }
        return lines
    }
}
