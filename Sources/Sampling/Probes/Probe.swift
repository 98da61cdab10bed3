// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Vitals

/// Something that can be probed again and again: it owns its connection and its place.
package protocol Probe: AnyObject, Sendable {
    /// Starts one attempt and returns at once, whatever the target does.
    ///
    /// `done` is called exactly once, from any thread, at the latest shortly after `attempt.deadline`. The caller
    /// guarantees single flight: it does not start the next attempt before `done` or before it has given this one
    /// up; a probe whose last attempt is still stuck answers at once with a result that says so.
    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void)

    /// Lets go of connections, helpers and the like; no attempt follows.
    func close()

    /// What the page shows of this probe when somebody else has to answer for it (`pg_up 0`).
    var seriesWhenDown: [SeriesPoint] { get }
}

extension Probe {
    /// Most kinds have no series of their own for that.
    package var seriesWhenDown: [SeriesPoint] { [] }
}

/// One attempt of a probe: its times, and the step it is at, which a timeout names.
package final class Attempt: Sendable {
    /// When it began.
    package let started: Instant
    /// When it must be over, whatever it is doing.
    package let deadline: Instant
    private let current = Mutex(ProbePhase.queued)

    /// Makes an attempt.
    package init(started: Instant, deadline: Instant) {
        self.started = started
        self.deadline = deadline
    }

    /// Notes the step that begins now.
    package func enter(_ phase: ProbePhase) { current.withLock { $0 = phase } }

    /// The step it is at.
    package var phase: ProbePhase { current.withLock { $0 } }
}
