// SPDX-License-Identifier: Apache-2.0

/// One confirmed change, as it is logged, streamed to subscribers and kept in the history. A value: what the wire calls
/// it is `ChangeView`'s business.
package struct HealthChange: Sendable, Hashable {
    /// What changed.
    package enum Subject: Sendable, Hashable {
        /// The overall status.
        case overall
        /// One check, by name.
        case check(String)
    }

    /// From what to what.
    package enum Transition: Sendable, Hashable {
        /// From one state to another.
        case state(from: HealthState, to: HealthState)
        /// The root cause is gone, and the check, kept quiet until now, has trouble of its own: this state.
        case unmuted(HealthState)
        /// Its outcomes began to change too often.
        case flappingStarted
        /// They no longer do.
        case flappingStopped
        /// Taken out of the count.
        case maintenanceStarted
        /// Counts again.
        case maintenanceEnded

        /// The state that it leads to; nil where the state is another matter.
        package var state: HealthState? {
            switch self {
            case .state(_, let to), .unmuted(let to): to
            case .flappingStarted, .flappingStopped, .maintenanceStarted, .maintenanceEnded: nil
            }
        }
    }

    /// What explains it.
    package struct Cause: Sendable, Hashable {
        /// The stable code, where there is one.
        package var reason: Reason?
        /// The sentence for people; empty where there is nothing to say.
        package var message: String
        /// The check that is down and explains the trouble of this one, where there is one.
        package var root: String?

        /// Makes a cause.
        package init(_ reason: Reason? = nil, message: String, root: String? = nil) {
            self.reason = reason
            self.message = message
            self.root = root
        }
    }

    /// The report's sequence number at this change.
    package var sequence: UInt64
    /// What changed.
    package var subject: Subject
    /// From what to what.
    package var transition: Transition
    /// What explains it.
    package var cause: Cause
    /// When, for people.
    package var wall: WallTime
    /// The root cause that explains this change, already told by itself: show the change, wake nobody for it. Unlike
    /// `cause.root` it may be up again: recovery is as quiet as the trouble was.
    package var mutedBy: String?

    /// Makes a change.
    package init(
        sequence: UInt64, subject: Subject, _ transition: Transition, cause: Cause, wall: WallTime,
        mutedBy: String? = nil
    ) {
        self.sequence = sequence
        self.subject = subject
        self.transition = transition
        self.cause = cause
        self.wall = wall
        self.mutedBy = mutedBy
    }
}
