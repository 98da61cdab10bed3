// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// When a call began, and when it must be over.
package struct CallTimes: Sendable, Hashable {
    /// When it began.
    package let started: Instant
    /// When it must be over, whatever it is doing.
    package let deadline: Instant

    /// Makes the times of a call.
    package init(started: Instant, deadline: Instant) {
        self.started = started
        self.deadline = deadline
    }

    /// How long the whole call may take.
    package var allowed: Duration { deadline - started }
}
