// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Vitals

/// The one answer of an attempt: whoever comes first gives it, and at the deadline the clock does.
///
/// What works elsewhere (a lane, a helper process, the sampler) may be late or never come back; the caller hears
/// in time all the same. The event loop serves as a timer, and the answer is given on it; nothing else here runs on it
/// but `overdue`.
final class AttemptAnswer: Sendable {
    /// The attempt that is answered.
    let attempt: Attempt

    private struct State {
        var done: (@Sendable (ProbeResult) -> Void)?
        var timer: Scheduled<Void>?
    }

    private let time: any TimeSource
    private let eventLoop: any EventLoop
    private let state: Mutex<State>

    /// Arms the deadline; `overdue` says what the result is when nothing came by then, and must not block.
    init(
        _ attempt: Attempt, _ context: ProbeContext, overdue: @escaping @Sendable () -> ProbeResult,
        done: @escaping @Sendable (ProbeResult) -> Void
    ) {
        self.attempt = attempt
        time = context.time
        eventLoop = context.eventLoop
        state = Mutex(State(done: done))
        let left = max(0, (attempt.deadline - context.time.now).nanoseconds)
        let timer = context.eventLoop.scheduleTask(in: .nanoseconds(left)) { [self] in
            guard isOpen else { return }
            give(overdue())
        }
        let tooLate = state.withLock { state in
            state.timer = timer
            return state.done == nil
        }
        if tooLate { timer.cancel() }
    }

    /// Whether nobody has answered yet.
    var isOpen: Bool { state.withLock { $0.done != nil } }

    /// Answers, unless somebody was faster; fills in how long the attempt took.
    func give(_ result: ProbeResult) {
        let (done, timer) = state.withLock { state in
            let taken = (state.done, state.timer)
            state.done = nil
            state.timer = nil
            return taken
        }
        guard let done else { return }
        var result = result
        result.duration = time.now - attempt.started
        // One errand to the loop, which takes its timer back and hears the answer: each costs a wake-up.
        eventLoop.execute { [result] in
            timer?.cancel()
            done(result)
        }
    }
}
