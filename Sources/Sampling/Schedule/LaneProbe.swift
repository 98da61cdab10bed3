// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Threads
import Vitals

/// A probe whose work blocks: runs it on a lane, serially, single flight.
///
/// A thread that hangs in a call without a deadline (getaddrinfo) cannot be called back. Whoever runs the probe
/// answers in its place shortly after the deadline, with `ProbeResult.overdue`; here every further attempt is
/// answered at once until the thread is back.
///
/// `@unchecked Sendable`: `work` is touched only by jobs on lanes, and `state` lets at most one of them be
/// under way, so each sees what the one before it wrote (the mutex orders them).
final class LaneProbe<Work: LaneWork>: Probe, @unchecked Sendable {
    private enum State {
        case idle
        case working(Attempt)
        /// Closed while a job was under way: that job closes the work when it is done.
        case closing(Attempt)
        case closed
    }

    private let work: Work
    private let lanes: Lanes
    private let time: any TimeSource
    private let state = Mutex(State.idle)
    let seriesWhenDown: [SeriesPoint]
    /// What a probe that takes the place of this one goes on with.
    let memory: (any Sendable)?

    /// Makes the probe around its work, which nobody else may keep.
    init(_ work: sending Work, lanes: Lanes, time: any TimeSource, memory: (any Sendable)? = nil) {
        self.memory = memory
        seriesWhenDown = work.seriesWhenDown
        self.work = work
        self.lanes = lanes
        self.time = time
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        let earlier: Attempt? = state.withLock { state in
            switch state {
            case .idle:
                state = .working(attempt)
                return nil
            case .working(let earlier), .closing(let earlier): return earlier
            case .closed: return attempt
            }
        }
        if let earlier {
            done(ProbeResult.stillWaiting(for: earlier, now: time.now, series: seriesWhenDown))
            return
        }
        attempt.enter(.queued)
        if lanes.start({ self.run(attempt, done) }) { return }
        if settle() { lanes.run { self.work.close() } }
        done(ProbeResult.threadless(series: seriesWhenDown))
    }

    func close() {
        let mayClose = state.withLock { state in
            switch state {
            case .idle:
                state = .closed
                return true
            case .working(let attempt):
                state = .closing(attempt)
                return false
            case .closing, .closed: return false
            }
        }
        // On a lane, because saying goodbye writes to a socket.
        if mayClose { lanes.run { self.work.close() } }
    }

    private func run(_ attempt: Attempt, _ done: @Sendable (ProbeResult) -> Void) {
        var result =
            time.now < attempt.deadline
            ? work.probe(attempt) : ProbeResult.overdue(attempt, series: seriesWhenDown)
        result.duration = time.now - attempt.started
        if settle() { work.close() }
        done(result)
    }

    /// The attempt is over; true where the work has to be closed now.
    private func settle() -> Bool {
        state.withLock { state in
            if case .closing = state {
                state = .closed
                return true
            }
            state = .idle
            return false
        }
    }
}
