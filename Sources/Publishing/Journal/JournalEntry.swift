// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One line of the log: what happened, how bad it is, and the fields by which machines find it.
package struct JournalEntry: Sendable {
    /// Priorities as syslog(3) numbers them.
    package enum Priority: UInt8, Sendable, Comparable, CaseIterable {
        /// The daemon cannot go on.
        case critical = 2
        /// Something failed.
        case error = 3
        /// Something needs a look.
        case warning = 4
        /// A change worth knowing: what an operator wants to see by default.
        case notice = 5
        /// Life-cycle details.
        case info = 6
        /// For finding faults in vitald itself.
        case debug = 7

        /// Whether the left priority is more urgent.
        package static func < (a: Priority, b: Priority) -> Bool { a.rawValue < b.rawValue }

        /// The word on the command line and in text lines.
        package var word: String {
            switch self {
            case .critical: "critical"
            case .error: "error"
            case .warning: "warning"
            case .notice: "notice"
            case .info: "info"
            case .debug: "debug"
            }
        }
    }

    /// What kind of thing happened.
    package let event: JournalEvent
    /// How urgent it is.
    package let priority: Priority
    /// The sentence.
    package let message: String
    /// More fields, such as `VITALD_CHECK`; names are `[A-Z][A-Z0-9_]*`, values hold no secret.
    package let fields: [(name: String, value: String)]

    /// Makes an entry.
    package init(
        _ event: JournalEvent, _ priority: Priority, _ message: String,
        fields: [(name: String, value: String)] = []
    ) {
        self.event = event
        self.priority = priority
        self.message = message
        self.fields = fields
    }

    /// The datagram of journald's native protocol.
    ///
    /// ```
    /// MESSAGE=database is unhealthy\n
    /// PRIORITY=4\n
    /// VITALD_REASON\n<8 bytes, little-endian length><text with line feeds>\n
    /// ```
    /// A value with a line feed takes the length-prefixed form (systemd, JOURNAL_NATIVE_PROTOCOL).
    var nativeDatagram: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        for (name, value) in allFields {
            bytes.append(contentsOf: name.utf8)
            if value.utf8.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                let length = UInt64(value.utf8.count)
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: length >> shift))
                }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes.append(contentsOf: value.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// One JSON object, with the journal's field names in lower case.
    func jsonLine(at wall: WallTime) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.object { w in
            w.member("time", wall.rfc3339)
            w.member("level", priority.word)
            w.member("event", String(describing: event))
            w.member("message", message)
            w.member("message_id", event.messageID)
            for (name, value) in fields { w.member(name.lowercased(), value) }
        }
        writer.newline()
        return writer.bytes
    }

    /// One line for people; control characters of the message cannot break out of it.
    func textLine(at wall: WallTime) -> [UInt8] {
        var bytes = Array("\(wall.rfc3339) \(priority.word): ".utf8)
        for byte in message.utf8 { bytes.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private var allFields: [(name: String, value: String)] {
        [
            ("MESSAGE", message), ("PRIORITY", String(priority.rawValue)), ("MESSAGE_ID", event.messageID),
            ("SYSLOG_IDENTIFIER", "vitald"),
        ] + fields
    }
}
