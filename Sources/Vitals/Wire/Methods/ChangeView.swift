// SPDX-License-Identifier: Apache-2.0

/// One confirmed change as the socket shows it: in events, replays and histories.
package struct ChangeView: Sendable, Hashable {
    /// `status` for the overall status, `check` for one check.
    package var topic: String
    /// Number of the change.
    package var sequence: UInt64
    /// The check, where it is one.
    package var check: String?
    /// The word before.
    package var from: String
    /// The word after.
    package var to: String
    /// The stable code that explains it.
    package var reason: String?
    /// The sentence that explains it.
    package var message: String
    /// When, RFC 3339.
    package var time: String

    /// The view of a change.
    package init(_ change: HealthChange) {
        switch change.subject {
        case .overall: topic = "status"
        case .check(let name):
            topic = "check"
            check = name
        }
        sequence = change.sequence
        from = change.from
        to = change.to
        reason = change.reason?.code
        message = change.message
        time = change.wall.rfc3339
    }

    /// Writes its members into an object that is open already; the epoch comes second where one is given.
    package func writeMembers(epoch: String? = nil, into object: inout JSONWriter) {
        object.member("topic", topic)
        object.member("seq", Int64(clamping: sequence))
        object.member("epoch", epoch)
        object.member("check", check)
        object.member("from", from)
        object.member("to", to)
        object.member("reason", reason)
        object.member("message", message)
        object.member("time", time)
    }

    /// Reads a change; nil where it is none.
    package init?(reading value: JSONValue) {
        guard let topic = value["topic"]?.string, let to = value["to"]?.string else { return nil }
        self.topic = topic
        self.to = to
        sequence = UInt64(clamping: value["seq"]?.integer ?? 0)
        check = value["check"]?.string
        from = value["from"]?.string ?? ""
        reason = value["reason"]?.string
        message = value["message"]?.string ?? ""
        time = value["time"]?.string ?? ""
    }
}
