// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// One attempt of a redis probe: the kept connection or a new one, the question, the verdict; all by one deadline.
///
/// `@unchecked Sendable`: everything happens on the event loop.
final class RedisRun: @unchecked Sendable {
    private let plan: RedisPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let course: PhaseLog
    private let done: (ProbeResult, RedisLine?) -> Void

    private var alarm: Scheduled<Void>?
    private var dial: Dial?
    /// The connection of earlier attempts.
    private var kept: RedisLine?
    /// The connection that this attempt made.
    private var made: RedisLine?
    /// The one that is waited for.
    private var asked: RedisConversation?
    private var isLate = false
    private var isOver = false

    /// Makes a run; `done` is called once, with the connection where it can be used again.
    init(
        _ plan: RedisPlan, _ context: ProbeContext, resolver: Resolver, attempt: Attempt, kept: RedisLine?,
        done: @escaping (ProbeResult, RedisLine?) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.kept = kept
        self.done = done
        course = PhaseLog(attempt: attempt, time: context.time)
    }

    /// The attempt that this is.
    var attempt: Attempt { course.attempt }

    /// Begins.
    func start() {
        let left = max(.zero, attempt.deadline - context.time.now)
        alarm = context.eventLoop.scheduleTask(in: .nanoseconds(left.nanoseconds)) { self.timeUp() }
        guard let kept, kept.isFresh(at: attempt.started) else {
            call()
            return
        }
        question(kept.conversation) { [self] answer in
            switch answer {
            case .success(let result): finish(result, keep: kept)
            case .failure(let failure):
                kept.conversation.hangUp()
                self.kept = nil
                // That it ended while idle is no failure of the target: a new connection shows what is.
                if failure.endsKeptConnection { call() } else { finish(verdict(failure)) }
            }
        }
    }

    /// Ends without a result that anybody would read.
    func abandon() {
        if !isOver { finish(ProbeResult(.unknown, reason: "inconclusive.closed", message: "vitald stopped")) }
    }

    // MARK: - A new connection, before the old one goes

    private func call() {
        if case .network = plan.dial.endpoint { course.enter(.resolve) }
        var conversation: RedisConversation?
        let dial = Dial(
            plan.dial, context: context, resolver: resolver, course: course,
            configure: { [time = context.time] channel in
                let handler = try RedisConversation(time: time)
                try channel.pipeline.syncOperations.addHandler(handler)
                conversation = handler
            },
            done: { [self] result in
                self.dial = nil
                switch result {
                case .success(let connection):
                    guard let conversation else { return }
                    let line = RedisLine(
                        conversation: conversation, since: connection.opened,
                        staleBecause: connection.staleName)
                    made = line
                    greet(line)
                case .failure(let failure): finish(unreached(failure), keep: kept)
                }
            })
        self.dial = dial
        dial.start()
    }

    private func greet(_ line: RedisLine) {
        let (request, questions) = plan.greeting()
        course.enter(plan.greetingPhase)
        ask(line.conversation, request, replies: questions.count) { [self] answer in
            if let refusal = plan.refusal(of: answer, questions) {
                refused(refusal)
                return
            }
            question(line.conversation) { [self] answer in
                switch answer {
                case .success(var result):
                    if let stale = line.staleBecause { result.note(stale) }
                    var line = line
                    line.since = context.time.now
                    finish(result, keep: line)
                case .failure(let failure): refused(failure)
                }
            }
        }
    }

    /// The new connection is not taken. Where none is left, ours may still be served: then the server works, for
    /// those who are in.
    private func refused(_ failure: RedisFailure) {
        let refused = verdict(failure)
        guard refused.reason == "saturated", let kept else {
            finish(refused, keep: kept)
            return
        }
        question(kept.conversation) { [self] answer in
            switch answer {
            case .success(var result):
                if result.outcome != .fail {
                    result.outcome = .warn
                    result.reason = refused.reason
                    result.message = refused.message + ", while the connection of vitald still answers"
                }
                finish(result, keep: kept)
            case .failure: finish(refused)
            }
        }
    }

    // MARK: - Question and answer

    /// Asks a connection everything that the check wants to know.
    private func question(
        _ conversation: RedisConversation, then: @escaping (Result<ProbeResult, RedisFailure>) -> Void
    ) {
        course.enter(.processing)
        let began = context.time.now
        ask(conversation, plan.question, replies: plan.replyCount, wanted: RedisPlan.pong) { [self] answer in
            do throws(RedisFailure) {
                let info = try plan.info(in: answer)
                if plan.isPartOfCluster(info) {
                    askCluster(conversation, answer, info, began, then)
                } else {
                    then(.success(plan.result(answer, info, asked: began, took: context.time.now - began)))
                }
            } catch {
                then(.failure(error))
            }
        }
    }

    private func askCluster(
        _ conversation: RedisConversation, _ answer: RedisConversation.Exchange, _ info: RedisInfo,
        _ began: Instant, _ then: @escaping (Result<ProbeResult, RedisFailure>) -> Void
    ) {
        ask(conversation, RedisPlan.clusterQuestion, replies: 1) { [self] cluster in
            guard let reply = cluster.replies.first else {
                then(.failure(cluster.cutShort ?? .closed))
                return
            }
            var info = info
            info.add(reply)
            then(.success(plan.result(answer, info, asked: began, took: context.time.now - began)))
        }
    }

    private func ask(
        _ conversation: RedisConversation, _ request: ByteBuffer, replies: Int, wanted: RedisReply? = nil,
        then: @escaping (RedisConversation.Exchange) -> Void
    ) {
        guard !isLate else {
            then(RedisConversation.Exchange(cutShort: .timeout))
            return
        }
        asked = conversation
        conversation.ask(request, replies: replies, wanted: wanted) { [self] answer in
            asked = nil
            then(answer)
        }
    }

    // MARK: - The end

    private func timeUp() {
        if isOver { return }
        isLate = true
        if let asked {
            // What came until now may say more than that the time is over.
            asked.expire()
            return
        }
        finish(overdue, keep: kept)
    }

    /// The result of a connection that is not there by the deadline.
    private var overdue: ProbeResult {
        let host = plan.dial.endpoint.host
        return switch attempt.phase {
        case .queued: Refusal(.noLane(host)).result
        case .resolve where resolver.isQueued(host): Refusal(.noLane(host)).result
        case .resolve: Refusal(.timeout(host)).result
        default: verdict(.timeout)
        }
    }

    private func unreached(_ failure: ProbeFailure) -> ProbeResult {
        // The last address has all the time that is left.
        if failure.reason == "timeout.connect", context.time.now >= attempt.deadline { return overdue }
        return ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
    }

    private func verdict(_ failure: RedisFailure) -> ProbeResult {
        RedisVerdict(target: plan.kind.server).result(failure, at: attempt.phase, allowed: plan.timeout)
    }

    private func finish(_ unfinished: ProbeResult, keep line: RedisLine? = nil) {
        if isOver { return }
        isOver = true
        // One over which more came than was asked for is not.
        let keep = line?.conversation.isFree == true ? line : nil
        alarm?.cancel()
        dial?.abandon()
        dial = nil
        course.leave()
        var result = unfinished
        result.duration = context.time.now - attempt.started
        result.phases = course.timings
        let up = result.outcome == .pass || result.outcome == .warn && result.reason != "loading"
        result.series.insert(SeriesPoint(RedisFamilies.up, .integer(up ? 1 : 0), whenStale: .zero), at: 0)
        for line in [kept, made] {
            if let line, line.conversation !== keep?.conversation { line.conversation.hangUp() }
        }
        kept = nil
        made = nil
        asked = nil
        done(result, keep)
    }
}
