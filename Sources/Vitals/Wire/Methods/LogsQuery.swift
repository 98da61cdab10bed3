// SPDX-License-Identifier: Apache-2.0

/// `logs`: the last errors of the units whose journal vitald follows.
package enum LogsQuery {
    /// The most lines of one unit in a reply, and the most that are kept.
    package static let mostLines = 100

    /// The method.
    package static let method = SocketMethod(
        "logs", role: .read, "The last errors that followed units wrote to the journal, oldest first.",
        parameters: [
            .init("unit", "string", "a unit or a glob over units; all by default"),
            .init(
                "limit", "integer",
                "at most this many of the newest lines of each unit; 1 to 100, all that are kept by default"),
        ],
        result: "units [{unit, lines [{time, priority, unit, identifier, pid, message, message_id}]}],"
            + " lag_seconds (absent while nothing was read), enabled, missing (sentences)",
        example: #"{"limit":5}"#)

    /// One entry of the journal.
    package struct Line: Sendable, Hashable {
        /// When journald took it, RFC 3339.
        package var time: String
        /// `emerg`, `alert`, `crit` or `err`.
        package var priority: String
        /// The unit that wrote it or that it is about.
        package var unit: String
        /// What the writer calls itself.
        package var identifier: String
        /// The writer's pid; nil where journald does not know it.
        package var pid: Int64?
        /// The beginning of the message.
        package var message: String
        /// What kind of message it is, 32 digits; nil where it is of none.
        package var messageID: String?

        /// Makes a line.
        package init(
            time: String, priority: String, unit: String, identifier: String, pid: Int64?, message: String,
            messageID: String?
        ) {
            self.time = time
            self.priority = priority
            self.unit = unit
            self.identifier = identifier
            self.pid = pid
            self.message = message
            self.messageID = messageID
        }
    }

    /// The lines of one unit.
    package struct Unit: Sendable, Hashable {
        /// Its name.
        package var unit: String
        /// Its last errors, oldest first.
        package var lines: [Line]

        /// Makes a unit.
        package init(unit: String, lines: [Line]) {
            self.unit = unit
            self.lines = lines
        }
    }

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// The units that have lines, by name.
        package var units: [Unit]
        /// Age of the oldest entry that is not read yet, seconds; nil while nothing was read.
        package var lag: Double?
        /// Whether the journal is read at all.
        package var enabled: Bool
        /// What cannot be read, and what to do about it.
        package var missing: [String]

        /// Makes a reply.
        package init(units: [Unit], lag: Double?, enabled: Bool, missing: [String]) {
            self.units = units
            self.lag = lag
            self.enabled = enabled
            self.missing = missing
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member(
                    "units",
                    array: { list in
                        for unit in units {
                            list.object { entry in
                                entry.member("unit", unit.unit)
                                entry.member(
                                    "lines",
                                    array: { lines in for line in unit.lines { line.write(into: &lines) } })
                            }
                        }
                    })
                reply.member("lag_seconds", lag)
                reply.member("enabled", enabled)
                reply.member("missing", array: { list in for text in missing { list.string(text) } })
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let units = value["units"], let enabled = value["enabled"]?.boolean else { return nil }
            self.units = units.elements.map { entry in
                Unit(
                    unit: entry["unit"]?.string ?? "",
                    lines: entry["lines"]?.elements.map { Line(reading: $0) } ?? [])
            }
            lag = value["lag_seconds"]?.double
            self.enabled = enabled
            missing = value["missing"]?.elements.compactMap(\.string) ?? []
        }
    }
}

/// Who answers `logs`: Sampling reads the journal, Publishing asks.
package protocol JournalAnswering: Sendable {
    /// The last errors of the units that a glob covers; at once, from memory.
    func logs(unit: String, limit: Int) -> LogsQuery.Reply
}

extension LogsQuery.Line {
    fileprivate func write(into writer: inout JSONWriter) {
        writer.object { entry in
            entry.member("time", time)
            entry.member("priority", priority)
            entry.member("unit", unit)
            entry.member("identifier", identifier)
            entry.member("pid", pid)
            entry.member("message", message)
            entry.member("message_id", messageID)
        }
    }

    fileprivate init(reading value: JSONValue) {
        self.init(
            time: value["time"]?.string ?? "", priority: value["priority"]?.string ?? "",
            unit: value["unit"]?.string ?? "", identifier: value["identifier"]?.string ?? "",
            pid: value["pid"]?.integer, message: value["message"]?.string ?? "",
            messageID: value["message_id"]?.string)
    }
}
