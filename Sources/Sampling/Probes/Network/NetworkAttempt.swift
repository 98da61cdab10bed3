// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// One attempt that speaks through NIO: its deadline, its steps and its one end. What is asked over the connection is
/// the business of the run that owns it.
final class NetworkAttempt: LoopConfined, @unchecked Sendable {
    let context: ProbeContext
    /// Where the target is, for sentences.
    let plan: Dial.Plan
    let log: PhaseLog
    private var alarm: Scheduled<Void>?
    private var done: ((ProbeResult) -> Void)?

    /// Makes it; `done` is called once.
    init(
        _ attempt: Attempt, _ plan: Dial.Plan, _ context: ProbeContext, done: @escaping (ProbeResult) -> Void
    ) {
        self.context = context
        self.plan = plan
        self.done = done
        log = PhaseLog(attempt: attempt, time: context.time)
    }

    var attempt: Attempt { log.attempt }
    var times: CallTimes { CallTimes(started: attempt.started, deadline: attempt.deadline) }
    var isOver: Bool { done == nil }

    /// Hears the steps of calls.
    var step: StepCallback { { [log] in log.enter($0) } }

    /// Arms the deadline.
    func start(timeUp: @escaping @Sendable () -> Void) {
        let left = max(.zero, attempt.deadline - context.time.now)
        alarm = context.eventLoop.scheduleTask(in: .nanoseconds(left.nanoseconds)) { [self] in
            if !isOver { timeUp() }
        }
    }

    /// How long the target took so far: all but what vitald itself waited for and prepared.
    var latency: Duration {
        log.leave()
        return context.time.now - attempt.started - log.own
    }

    /// The failure of a deadline that passed; `known` is what was found out before, if anything.
    func overdue(known: DialError?) -> ProbeFailure {
        if let known { return ProbeFailure(known, plan, at: context.time.wall) }
        return .timeout(in: attempt.phase, after: times.allowed, place: plan.endpoint.text)
    }

    /// Ends with a result; fills in times, and what `tls` showed.
    func finish(_ unfinished: ProbeResult, tls: TLSFindings?) {
        guard let done else { return }
        self.done = nil
        alarm?.cancel()
        log.leave()
        var result = unfinished
        result.duration = context.time.now - attempt.started
        result.phases = log.timings
        if let tls {
            result.facts += tls.facts(at: context.time.wall)
            result.series += tls.series
        }
        done(result)
    }
}
