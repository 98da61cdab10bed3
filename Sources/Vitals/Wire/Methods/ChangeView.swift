// SPDX-License-Identifier: Apache-2.0

/// One confirmed change as the socket shows it: in events, replays and histories. The only place where a change has
/// words.
package struct ChangeView: Sendable, Hashable {
    /// The check, or the overall status.
    package let subject: HealthChange.Subject
    /// Number of the change.
    package let sequence: UInt64
    /// The word before.
    package let from: String
    /// The word after.
    package let to: String
    /// What the two words mean; nil where they are those of a later vitald.
    package let transition: HealthChange.Transition?
    /// The stable code that explains it.
    package let reason: Reason?
    /// The sentence that explains it.
    package let message: String
    /// When, RFC 3339.
    package let time: String

    /// The view of a change.
    package init(_ change: HealthChange) {
        subject = change.subject
        sequence = change.sequence
        transition = change.transition
        (from, to) = change.transition.words
        reason = change.cause.reason
        message = change.cause.message
        time = change.wall.rfc3339
    }

    /// Who hears of it.
    package var topic: Subscribe.Topic {
        switch subject {
        case .overall: .status
        case .check: .check
        }
    }

    /// The check's name; nil for the overall status.
    package var check: String? {
        if case .check(let name) = subject { name } else { nil }
    }

    /// Writes its members into an object that is open already; the epoch comes second where one is given.
    package func writeMembers(epoch: String? = nil, into object: inout JSONWriter) {
        object.member("topic", topic.rawValue)
        object.member("seq", Int64(clamping: sequence))
        object.member("epoch", epoch)
        object.member("check", check)
        object.member("from", from)
        object.member("to", to)
        object.member("reason", reason?.code)
        object.member("message", message)
        object.member("time", time)
    }

    /// Reads a change; nil where it is none.
    package init?(reading value: JSONValue) {
        guard let to = value["to"]?.string else { return nil }
        switch value["topic"]?.string.flatMap(Subscribe.Topic.init) {
        case .status: subject = .overall
        case .check: subject = .check(value["check"]?.string ?? "")
        case .alert, .log, nil: return nil
        }
        let from = value["from"]?.string ?? ""
        (self.from, self.to) = (from, to)
        transition = HealthChange.Transition(from: from, to: to)
        sequence = UInt64(clamping: value["seq"]?.integer ?? 0)
        reason = value["reason"]?.string.map { Reason($0) }
        message = value["message"]?.string ?? ""
        time = value["time"]?.string ?? ""
    }
}

extension HealthChange.Transition {
    private static let flapping = "flapping"
    private static let steady = "steady"
    private static let maintenance = "maintenance"
    private static let service = "service"
    private static let suppressed = "suppressed"

    /// What the wire and the log call it. A check without evidence is `unknown` there: that nothing is known of it is
    /// what changes.
    package var words: (from: String, to: String) {
        switch self {
        case .state(let from, let to): (Self.word(from), Self.word(to))
        case .unmuted(let state): (Self.suppressed, Self.word(state))
        case .flappingStarted: (Self.steady, Self.flapping)
        case .flappingStopped: (Self.flapping, Self.steady)
        case .maintenanceStarted: (Self.service, Self.maintenance)
        case .maintenanceEnded: (Self.maintenance, Self.service)
        }
    }

    /// Reads the two words.
    init?(from: String, to: String) {
        switch (from, to) {
        case (Self.steady, Self.flapping): self = .flappingStarted
        case (Self.flapping, Self.steady): self = .flappingStopped
        case (Self.service, Self.maintenance): self = .maintenanceStarted
        case (Self.maintenance, Self.service): self = .maintenanceEnded
        default:
            guard let state = HealthState(word: to) else { return nil }
            if from == Self.suppressed {
                self = .unmuted(state)
            } else if let before = HealthState(word: from) {
                self = .state(from: before, to: state)
            } else {
                return nil
            }
        }
    }

    private static func word(_ state: HealthState) -> String {
        (state == .pending ? .unknown : state).word
    }
}
