// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `watch` and `history` show.
enum ChangeText {
    /// One change as one line: `18:20:54  cache  healthy → unhealthy  [timeout.connect] no answer`.
    static func line(_ change: ChangeView, now: WallTime, paint: Paint) -> String {
        let subject = change.check ?? "overall"
        let tones = change.transition?.tones ?? (.plain, .plain)
        var line =
            "\(paint.faint(Amount.localTime(change.time, now: now)))  \(Table.pad(Table.printable(subject), to: 16))  "
            + "\(paint.text(change.from, tones.from)) → \(paint.text(change.to, tones.to))"
        if let reason = change.reason { line += "  [\(Table.printable(reason.code))]" }
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
                Amount.localTime(result.time, now: now), result.outcome.word, result.level.word,
                Amount.latency(result.latency),
                (result.reason.map { "[\($0)] " } ?? "") + result.message,
            ])
        }
        var lines = table.lines { row, column, text in
            guard row > 0 else { return paint.faint(text) }
            let result = history.results[row - 1]
            return switch column {
            case 1: paint.text(text, result.outcome.tone)
            case 2: paint.text(text, HealthState(result.level, .active).tone)
            default: text
            }
        }
        if !history.changes.isEmpty {
            lines += ["", "changes"]
            lines += history.changes.map { line($0, now: now, paint: paint) }
        }
        return lines
    }
}
