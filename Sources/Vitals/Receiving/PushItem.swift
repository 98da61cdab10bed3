// SPDX-License-Identifier: Apache-2.0

/// One thing that was pushed. Every door decodes into these few; only receivers know what they mean.
package enum PushItem: Sendable, Hashable {
    /// What kind of item it is: the method behind `push.`, `kind` in a batch, the label on the page.
    package enum Kind: String, CaseIterable, Sendable {
        /// A sign of life.
        case heartbeat
        /// The result of a check that somebody else made.
        case check

        /// The method of the socket that pushes one: `push.heartbeat`.
        package var method: String { "push." + rawValue }
    }

    /// A sign of life for the heartbeat check of this name.
    case heartbeat(name: String)
    /// A result for a check that is fed with them.
    case check(CheckPush)

    /// What kind of item it is.
    package var kind: Kind {
        switch self {
        case .heartbeat: .heartbeat
        case .check: .check
        }
    }

    /// The name of the check that it is for.
    package var name: String {
        switch self {
        case .heartbeat(let name): name
        case .check(let push): push.name
        }
    }
}

/// The result of a check that somebody else made.
package struct CheckPush: Sendable, Hashable {
    /// The most bytes of a message: a sentence. What is longer ends in `…`.
    package static let longestMessage = 1024
    /// The most bytes of a reason, which may become a label.
    package static let longestReason = 64

    /// The name of the check that it is for.
    package var name: String
    /// What the check showed.
    package var outcome: Outcome
    /// One sentence for people; empty where there is none.
    package var message: String
    /// The sender's stable code; nil where there is none.
    package var reason: Reason?
    /// How long the check took; nil where the sender does not say.
    package var latency: Duration?

    /// Makes a result.
    package init(
        name: String, outcome: Outcome, message: String = "", reason: Reason? = nil, latency: Duration? = nil
    ) {
        self.name = name
        self.outcome = outcome
        self.message = message
        self.reason = reason
        self.latency = latency
    }
}
