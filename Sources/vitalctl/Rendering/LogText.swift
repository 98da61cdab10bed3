// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `logs` shows.
enum LogText {
    /// Entries that wait this long, in seconds, are told of.
    private static let notableLag = 5.0

    /// A heading for each unit and its errors below it; a message of several lines is indented.
    static func lines(_ reply: LogsQuery.Reply, now: WallTime, paint: Paint) -> [String] {
        guard !reply.units.isEmpty else { return reply.enabled ? ["no errors"] : [] }
        var lines: [String] = []
        for unit in reply.units {
            if !lines.isEmpty { lines.append("") }
            lines.append(paint.bold(Table.printable(unit.unit)))
            for line in unit.lines { lines += text(line, of: unit.unit, now: now, paint: paint) }
        }
        return lines
    }

    /// What is not read, for the standard error.
    static func remarks(_ reply: LogsQuery.Reply) -> [String] {
        var remarks = reply.missing.map(Table.printable)
        if let lag = reply.lag, lag >= notableLag {
            remarks.append(
                "entries of the last \(Int64(exactly: lag.rounded()) ?? .max) s may be missing: they are not read yet"
            )
        }
        return remarks
    }

    private static func text(_ line: LogsQuery.Line, of unit: String, now: WallTime, paint: Paint) -> [String]
    {
        var writer = Table.printable(line.identifier)
        if let pid = line.pid { writer += "[\(pid)]" }
        if line.unit != unit { writer = "\(Table.printable(line.unit)) " + writer }
        let head =
            "  \(paint.faint(Amount.localTime(line.time, now: now)))  \(Table.pad(line.priority, to: 5))  \(writer): "
        let parts = line.message.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Table.printable(String($0)) }
        return [head + (parts.first ?? "")] + parts.dropFirst().map { "      " + $0 }
    }
}
