// SPDX-License-Identifier: Apache-2.0

/// `history`: the last results of a check and its confirmed changes.
package enum History {
    /// The most results that are kept of one check, and the most that one reply holds.
    package static let mostResults = 100

    /// The method.
    package static let method = SocketMethod(
        "history", role: .read, "The last results of a check, oldest first, and its confirmed changes.",
        parameters: [
            .init("name", "string", required: true, "the check's name"),
            .init("limit", "integer", "at most this many of the newest results; 1 to 100, 100 by default"),
        ],
        result: "name, results [{time, outcome, level, reason, message, latency_ms}],"
            + " changes [{seq, time, from, to, reason, message}]",
        example: #"{"name":"file_system","limit":10}"#)

    /// One completed attempt.
    package struct Entry: Sendable, Hashable {
        /// When it completed, RFC 3339.
        package var time: String
        /// What it showed.
        package var outcome: Outcome
        /// The level of the check after it.
        package var level: Level
        /// The stable code.
        package var reason: Reason?
        /// The sentence.
        package var message: String
        /// How long it took, milliseconds.
        package var latency: Double

        /// Makes an entry.
        package init(
            time: String, outcome: Outcome, level: Level, reason: Reason?, message: String, latency: Double
        ) {
            self.time = time
            self.outcome = outcome
            self.level = level
            self.reason = reason
            self.message = message
            self.latency = latency
        }
    }

    /// What it answers.
    package struct Reply: Sendable, Hashable {
        /// The check.
        package var name: String
        /// The results, oldest first.
        package var results: [Entry]
        /// The confirmed changes, oldest first.
        package var changes: [ChangeView]

        /// Makes a reply.
        package init(name: String, results: [Entry], changes: [ChangeView]) {
            self.name = name
            self.results = results
            self.changes = changes
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member("name", name)
                reply.member(
                    "results",
                    array: { list in
                        for result in results {
                            list.object { entry in
                                entry.member("time", result.time)
                                entry.member("outcome", result.outcome.word)
                                entry.member("level", result.level.word)
                                entry.member("reason", result.reason?.code)
                                entry.member("message", result.message)
                                entry.member("latency_ms", result.latency)
                            }
                        }
                    })
                reply.member(
                    "changes",
                    array: { list in
                        for change in changes { list.object { change.writeMembers(into: &$0) } }
                    })
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let name = value["name"]?.string, let results = value["results"] else { return nil }
            self.name = name
            self.results = results.elements.map { entry in
                Entry(
                    time: entry["time"]?.string ?? "",
                    outcome: Outcome(word: entry["outcome"]?.string) ?? .unknown,
                    level: Level(word: entry["level"]?.string) ?? .unknown,
                    reason: entry["reason"]?.string.map { Reason($0) },
                    message: entry["message"]?.string ?? "", latency: entry["latency_ms"]?.double ?? 0)
            }
            changes = value["changes"]?.elements.compactMap { ChangeView(reading: $0) } ?? []
        }
    }
}
