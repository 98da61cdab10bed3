// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Vitals

/// One attempt of a redis probe: the kept connection or a new one, the question, the verdict; all by one deadline.
///
/// `@unchecked Sendable`: everything happens on the event loop.
final class RedisRun: @unchecked Sendable {
    /// The resolver's answer comes so long after the deadline at most, unless its thread gets no time.
    private static let resolverDelay = TimeAmount.milliseconds(50)

    private let plan: RedisPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let refusals: RedisRefusals
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
    /// Whether PING was what a new connection may have been closed at.
    private var leavesOutPing = false
    /// Whether the question that was asked last had its PONG, whatever came behind it.
    private var hasPong = false
    private var isLate = false
    private var isOver = false

    /// Makes a run; `done` is called once, with the connection where it can be used again.
    init(
        _ plan: RedisPlan, _ context: ProbeContext, resolver: Resolver, refusals: RedisRefusals,
        attempt: Attempt, kept: RedisLine?, done: @escaping (ProbeResult, RedisLine?) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.refusals = refusals
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
                case .failure(let failure):
                    finish(unreached(failure), keep: kept)
                }
            })
        self.dial = dial
        dial.start()
    }

    private func greet(_ line: RedisLine) {
        let (request, questions) = plan.greeting()
        guard !questions.isEmpty else {
            askNew(line)
            return
        }
        course.enter(plan.greetingPhase)
        ask(line.conversation, request, replies: questions.count) { [self] answer in
            if let refusal = plan.refusal(of: answer, questions) { refused(refusal) } else { askNew(line) }
        }
    }

    private func askNew(_ line: RedisLine) {
        question(line.conversation) { [self] answer in
            switch answer {
            case .success(var result):
                if let stale = line.staleBecause { result.note(stale) }
                // Without PING it is answered: that was what the connection was closed at.
                if leavesOutPing { refusals.note(.ping, .closed) }
                var line = line
                line.since = context.time.now
                finish(result, keep: line)
            case .failure(let failure):
                guard failure.endsKeptConnection, !plan.kind.command.isEmpty, !leavesOutPing, !hasPong,
                    refusals.cause(.ping) == nil
                else {
                    refused(failure)
                    return
                }
                // Perhaps because of PING, which not every proxy knows: once more with the command alone.
                line.conversation.hangUp()
                made = nil
                leavesOutPing = true
                call()
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

    /// Asks a connection everything that the check wants to know. As soon as the question itself is answered, nothing
    /// that comes after it makes a failure of it.
    private func question(
        _ conversation: RedisConversation, then: @escaping (Result<ProbeResult, RedisFailure>) -> Void
    ) {
        course.enter(.processing)
        let began = context.time.now
        let request = plan.request(
            withPing: !leavesOutPing && refusals.cause(.ping) == nil,
            withInfo: conversation.takesInfo && refusals.cause(.info) == nil)
        ask(conversation, request.bytes, replies: request.replies, wanted: request.first) {
            [self] exchange in
            hasPong = request.asksPing && exchange.replies.first == RedisPlan.pong
            do throws(RedisFailure) {
                let answer = try plan.answer(in: exchange, to: request)
                if let reply = answer.pingRefusal { refusals.learn(.ping, from: reply) }
                let latency = (exchange.first ?? context.time.now) - began
                if request.asksInfo {
                    // INFO was answered on this connection before: that it ends now has another reason, perhaps.
                    if let failure = exchange.cutShort, failure.endsKeptConnection { throw failure }
                    if exchange.cutShort == .oversized { refusals.note(.info, .large) }
                    finishQuestion(conversation, take(answer.infos, exchange.cutShort), began, latency, then)
                } else if conversation.isIntroduced, refusals.cause(.info) != nil {
                    finishQuestion(conversation, Told(), began, latency, then)
                } else {
                    askExtras(conversation, began, latency, then)
                }
            } catch {
                then(.failure(error))
            }
        }
    }

    /// On a new connection, once the answer to the question is there.
    private func askExtras(
        _ conversation: RedisConversation, _ began: Instant, _ latency: Duration,
        _ then: @escaping (Result<ProbeResult, RedisFailure>) -> Void
    ) {
        conversation.isIntroduced = true
        let (request, asked) = plan.extras(refusals)
        guard !asked.isEmpty, !isLate else {
            let cut: RedisFailure? = asked.contains(.info) ? .timeout : nil
            finishQuestion(conversation, Told(cutShort: cut), began, latency, then)
            return
        }
        ask(conversation, request, replies: asked.count) { [self] exchange in
            var replies = exchange.replies[...]
            if asked.first == .setName, let reply = replies.popFirst() {
                refusals.learn(.setName, from: reply)
            }
            let told = take(replies, asked.contains(.info) ? exchange.cutShort : nil)
            if let failure = exchange.cutShort {
                let unanswered = asked.dropFirst(exchange.replies.count).first
                if let unanswered { refusals.learn(unanswered, cutShort: failure) }
            } else {
                conversation.takesInfo = asked.last == .info && refusals.cause(.info) == nil
            }
            finishQuestion(conversation, told, began, latency, then)
        }
    }

    /// What came back for INFO.
    private struct Told {
        var info = RedisInfo()
        /// Why there is less than was asked for.
        var cutShort: RedisFailure?
        /// The server's word that it cannot answer now.
        var excuse: RedisRefusals.Cause?
    }

    /// Takes the replies to INFO that came.
    private func take(_ replies: ArraySlice<RedisReply>, _ cutShort: RedisFailure?) -> Told {
        var told = Told(cutShort: cutShort)
        for reply in replies { told.info.add(reply) }
        if cutShort == nil, let first = replies.first { told.excuse = refusals.learn(.info, from: first) }
        return told
    }

    private func finishQuestion(
        _ conversation: RedisConversation, _ told: Told, _ began: Instant, _ latency: Duration,
        _ then: @escaping (Result<ProbeResult, RedisFailure>) -> Void
    ) {
        guard told.cutShort == nil, !isLate, plan.isPartOfCluster(told.info),
            refusals.cause(.clusterInfo) == nil
        else {
            then(.success(result(told, began, latency)))
            return
        }
        ask(conversation, RedisPlan.clusterQuestion, replies: 1) { [self] cluster in
            var told = told
            if let reply = cluster.replies.first {
                told.info.add(reply)
                refusals.learn(.clusterInfo, from: reply)
            } else if let failure = cluster.cutShort {
                refusals.learn(.clusterInfo, cutShort: failure)
            }
            then(.success(result(told, began, latency)))
        }
    }

    private func result(_ told: Told, _ began: Instant, _ latency: Duration) -> ProbeResult {
        let refused = refusals.cause(.info)
        let gap = told.cutShort.map { RedisRefusals.Cause($0) } ?? told.excuse
        var findings = RedisFindings(kind: plan.kind, latency: latency, info: told.info)
        // Of what is refused nothing is known, and nothing will be.
        if refused == nil { findings.gap = gap }
        if gap == nil || refused != nil { refusals.learn(warning: findings.warnsByInfo) }
        findings.hasWarned = refusals.hasWarned
        return plan.result(findings, took: context.time.now - began, refused: refused ?? gap)
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
        let isFirst = !isLate
        isLate = true
        if let asked {
            // What came until now may say more than that the time is over.
            asked.expire()
            return
        }
        if isFirst, attempt.phase == .resolve {
            // The resolver keeps the same deadline, and knows whether it was the name or a thread that was waited for.
            alarm = context.eventLoop.scheduleTask(in: Self.resolverDelay) { self.timeUp() }
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
        refusals.tell(&result)
        let up =
            result.outcome == .pass || result.outcome == .warn && result.reason != "loading"
            || result.reason == .partial
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
