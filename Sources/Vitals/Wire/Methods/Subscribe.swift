// SPDX-License-Identifier: Apache-2.0

/// `subscribe`: how things stand now, and from then on every confirmed change as an `event` notification.
package enum Subscribe {
    /// The topics that there are.
    package enum Topic: String, CaseIterable, Sendable {
        /// Changes of the overall status.
        case status
        /// Changes of a check.
        case check
        /// Alerts; accepted, and silent in this version.
        case alert
        /// Log events; accepted, and silent in this version.
        case log

        /// Whether this version has anything to say on it.
        package var isSpoken: Bool { self == .status || self == .check }
    }

    /// The topic of the event that stands for events that a slow reader missed.
    package static let lostTopic = "lost"

    /// Writes the members of that event; `count` is nil where nobody can know how many it were.
    package static func writeLoss(
        _ count: Int?, sequence: UInt64, epoch: String, into event: inout JSONWriter
    ) {
        event.member("topic", lostTopic)
        event.member("seq", Int64(clamping: sequence))
        event.member("epoch", epoch)
        event.member("count", count.map { Int64($0) })
    }

    /// Reads the topics that a subscriber names; all where it names none.
    package static func topics(named words: [String]?) throws(SocketFault) -> [Topic] {
        guard let words else { return Topic.allCases }
        var topics: [Topic] = []
        for word in words {
            guard let topic = Topic(rawValue: word) else {
                let known = Topic.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidParameter(
                    "topics", "there is no topic \"\(Echo.cut(word))\"; there are \(known)")
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        guard !topics.isEmpty else {
            throw .invalidParameter("topics", "is an empty list; leave it out for all")
        }
        return topics
    }

    /// Whether an event stands for events that were lost.
    package static func isLoss(_ event: JSONValue) -> Bool { event["topic"]?.string == lostTopic }

    /// The method.
    package static let method = SocketMethod(
        "subscribe", role: .read,
        "Sends every confirmed change as a notification \"event\" from now on, after a snapshot or a replay.",
        parameters: [
            .init(
                "topics", "array of strings",
                "status, check (alert and log are silent so far); all by default"),
            .init("since_seq", "integer", "replay what came after this change instead of a snapshot"),
            .init("epoch", "string", "the epoch that since_seq belongs to"),
        ],
        result: "epoch, seq, topics, unavailable, and either replay [changes] or snapshot {status, checks};"
            + " lost: true where since_seq could not be resumed."
            + " Events: {topic, seq, epoch, check, from, to, reason, message, time}; {topic: \"lost\", count}",
        example: #"{"topics":["status","check"]}"#)

    /// What it answers.
    package struct Reply: Sendable {
        /// Random per start of vitald.
        package var epoch: String
        /// Number of the last change that this reply covers.
        package var sequence: UInt64
        /// What will be told of.
        package var topics: [String]
        /// What was asked for and is silent in this version.
        package var unavailable: [String]
        /// Whether changes since `since_seq` are missing, so that the snapshot stands for them.
        package var lost: Bool
        /// The changes since `since_seq`; nil where there is a snapshot.
        package var replay: [ChangeView]?
        /// The overall status; nil where there is a replay.
        package var status: StatusQuery.Reply?
        /// The checks; nil where there is a replay.
        package var checks: [CheckView]?

        /// Makes a reply without replay and snapshot.
        package init(epoch: String, sequence: UInt64, topics: [String], unavailable: [String], lost: Bool) {
            self.epoch = epoch
            self.sequence = sequence
            self.topics = topics
            self.unavailable = unavailable
            self.lost = lost
        }

        /// Writes it as one value.
        package func write(into writer: inout JSONWriter) {
            writer.object { reply in
                reply.member("epoch", epoch)
                reply.member("seq", Int64(clamping: sequence))
                reply.member("topics", array: { list in for topic in topics { list.string(topic) } })
                reply.member(
                    "unavailable", array: { list in for topic in unavailable { list.string(topic) } })
                reply.member("lost", lost)
                if let replay {
                    reply.member(
                        "replay",
                        array: { list in
                            for change in replay {
                                list.object { change.writeMembers(epoch: epoch, into: &$0) }
                            }
                        })
                }
                guard let status, let checks else { return }
                reply.member(
                    "snapshot",
                    object: { snapshot in
                        snapshot.key("status")
                        status.write(into: &snapshot)
                        snapshot.member(
                            "checks", array: { list in for check in checks { check.write(into: &list) } })
                    })
            }
        }

        /// Reads a reply; nil where it is none.
        package init?(reading value: JSONValue) {
            guard let epoch = value["epoch"]?.string, let sequence = value["seq"]?.integer else { return nil }
            self.epoch = epoch
            self.sequence = UInt64(clamping: sequence)
            topics = value["topics"]?.elements.compactMap(\.string) ?? []
            unavailable = value["unavailable"]?.elements.compactMap(\.string) ?? []
            lost = value["lost"]?.boolean ?? false
            replay = value["replay"]?.elements.compactMap { ChangeView(reading: $0) }
            status = value["snapshot"]?["status"].flatMap { StatusQuery.Reply(reading: $0) }
            checks = value["snapshot"]?["checks"]?.elements.compactMap { CheckView(reading: $0) }
        }
    }
}
