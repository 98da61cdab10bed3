// SPDX-License-Identifier: Apache-2.0

/// One confirmed change, as it is logged, streamed to subscribers and kept in the history.
package struct HealthChange: Sendable {
    /// What changed.
    package enum Subject: Sendable, Hashable {
        /// The overall status.
        case overall
        /// One check, by name.
        case check(String)
    }

    /// The report's sequence number at this change.
    package var sequence: UInt64
    /// What changed.
    package var subject: Subject
    /// The word before: a level (`healthy`), or `stale`, `flapping`, `steady`; `maintenance`, `service`;
    /// `suppressed` where a root cause is gone and the check, kept quiet until now, still has trouble of its own.
    package var from: String
    /// The word after.
    package var to: String
    /// The code that explains it, where there is one.
    package var reason: Reason?
    /// The sentence that explains it.
    package var message: String
    /// When, for people.
    package var wall: WallTime
    /// The root cause that explains this change, already told by itself: show the change, wake nobody for it.
    package var suppressedBy: String?

    /// Makes a change.
    package init(
        sequence: UInt64, subject: Subject, from: String, to: String, reason: Reason?, message: String,
        wall: WallTime, suppressedBy: String? = nil
    ) {
        self.sequence = sequence
        self.subject = subject
        self.from = from
        self.to = to
        self.reason = reason
        self.message = message
        self.wall = wall
        self.suppressedBy = suppressedBy
    }
}
