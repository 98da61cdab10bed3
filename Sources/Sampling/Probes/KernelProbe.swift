// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// A probe whose judgement remembers something from one attempt to the next, for the probe that follows it.
protocol LedgerKeeping {
    /// What it remembers.
    var ledger: (any AnyObject & Sendable)? { get }
}

/// A probe that asks the sampler for figures of the kernel and judges them.
///
/// At most one question is open: where the sampler is late, the next attempt waits for the same answer, which
/// is then as fresh as one it would have asked for itself.
final class KernelProbe<Figures: Sendable>: Probe, LedgerKeeping {
    /// Puts the question; the closure is called once, on the sampler's lane.
    typealias Question = @Sendable (any KernelReading, @escaping @Sendable (Figures) -> Void) -> Void
    /// Judges the answer; runs on the sampler's lane, one call at a time.
    typealias Judgement = @Sendable (Figures) -> ProbeResult

    private struct State {
        var asking = false
        var current: AttemptAnswer?
    }

    private let context: ProbeContext
    private let question: Question
    private let judgement: Judgement
    let ledger: (any AnyObject & Sendable)?
    private let state = Mutex(State())

    /// Makes a probe; asks nothing yet. `ledger` is what the judgement remembers, where it does.
    init(
        _ context: ProbeContext, ledger: (any AnyObject & Sendable)? = nil,
        ask question: @escaping Question, judge judgement: @escaping Judgement
    ) {
        self.ledger = ledger
        self.context = context
        self.question = question
        self.judgement = judgement
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        attempt.enter(.processing)
        let answer = AttemptAnswer(attempt, context, overdue: { Self.overdue }, done: done)
        let ask = state.withLock { state in
            state.current = answer
            defer { state.asking = true }
            return !state.asking
        }
        guard ask else { return }
        question(context.kernel) { [self] figures in
            let answer = state.withLock { state in
                state.asking = false
                defer { state.current = nil }
                return state.current
            }
            // Judged even when the attempt is over: what a judgement remembers (kills, restarts) must not have
            // gaps.
            let result = judgement(figures)
            answer?.give(result)
        }
    }

    func close() { state.withLock { $0.current = nil } }

    private static var overdue: ProbeResult {
        ProbeResult(
            .unknown, reason: "inconclusive.kernel",
            message:
                "vitald's own reading of the kernel did not come back in time: the machine is short of CPU")
    }
}
