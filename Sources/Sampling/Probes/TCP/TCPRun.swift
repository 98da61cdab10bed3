// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import Vitals

/// One attempt of a tcp probe, all by one deadline.
///
/// `@unchecked Sendable`: everything happens on the event loop.
final class TCPRun: @unchecked Sendable {
    private let plan: TCPPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let course: PhaseLog
    private let done: (ProbeResult) -> Void

    private var alarm: Scheduled<Void>?
    private var dial: Dial?
    private var connection: Connection?
    private var conversation: TCPConversation?
    private var answer: [UInt8] = []
    private var isOver = false

    /// Makes a run; `done` is called once.
    init(
        _ plan: TCPPlan, _ context: ProbeContext, resolver: Resolver, attempt: Attempt,
        done: @escaping (ProbeResult) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.done = done
        course = PhaseLog(attempt: attempt, time: context.time)
    }

    /// Begins.
    func start() {
        let left = max(.zero, course.attempt.deadline - context.time.now)
        alarm = context.eventLoop.scheduleTask(in: .nanoseconds(left.nanoseconds)) { self.timeUp() }
        let dial = Dial(
            plan.dial, context: context, resolver: resolver, course: course,
            configure: { [self] channel in
                let conversation = TCPConversation()
                try channel.pipeline.syncOperations.addHandler(conversation)
                self.conversation = conversation
            },
            done: { [self] result in
                self.dial = nil
                switch result {
                case .success(let connection):
                    self.connection = connection
                    ask()
                case .failure(let failure): fail(failure)
                }
            })
        self.dial = dial
        dial.start()
    }

    /// Ends without a result that anybody would read.
    func abandon() {
        if !isOver { finish(ProbeResult(.unknown, reason: "inconclusive.closed", message: "vitald stopped")) }
    }

    private func ask() {
        guard let conversation else { return }
        guard plan.expected != nil || !plan.send.isEmpty else {
            judge()
            return
        }
        course.enter(.processing)
        conversation.send(plan.send) { [self] event in
            if !isOver { hear(event) }
        }
        // What is sent and not answered is handed to the kernel, which is all that was asked for.
        if plan.expected == nil, !isOver { judge() }
    }

    private func hear(_ event: TCPConversation.Event) {
        switch event {
        case .bytes(let bytes):
            course.enter(.transfer)
            answer.append(contentsOf: bytes.prefix(TCPCheck.bound - answer.count))
            guard let expected = plan.expected else { return }
            if expected.isMet(by: answer) {
                judge()
            } else if answer.count >= TCPCheck.bound {
                fail(
                    ProbeFailure(
                        .fail, "tcp.answer", "the first 64 KiB of the answer do not contain what is expected")
                )
            }
        case .failed(let error):
            guard plan.expected != nil else { return }
            fail(closed(error))
        }
    }

    private func closed(_ error: any Error) -> ProbeFailure {
        let place = plan.dial.endpoint.text
        switch error {
        case is BoringSSLError, is NIOSSLError:
            return ProbeFailure(
                .fail, "tls.handshake",
                "\(place) ended TLS after the handshake; does it want a certificate (tls.certFile)?")
        case ChannelError.eof:
            return ProbeFailure(
                .fail, "closed",
                answer.isEmpty
                    ? "\(place) closed the connection without an answer"
                    : "\(place) closed the connection after \(answer.count) bytes without the expected answer"
            )
        default: return ProbeFailure(error, place: place)
        }
    }

    private func judge() {
        course.leave()
        let duration = context.time.now - course.attempt.started
        var result = ProbeResult(.pass, message: "connected in \(HTTPVerdict.milliseconds(duration))")
        if plan.expected != nil { result.message = "answered in \(HTTPVerdict.milliseconds(duration))" }
        if let tls = connection?.tls, let settings = plan.dial.tls,
            let worry = tls.worry(settings, at: context.time.wall)
        {
            result.outcome = worry.outcome
            result.reason = worry.reason
            result.message = "\(worry.text) (\(result.message))"
        }
        if let stale = connection?.staleName { result.note(stale) }
        result.facts = [Fact("latency_ms", .number((duration.milliseconds * 1000).rounded() / 1000))]
        if plan.expected != nil { result.facts.append(Fact("answer_bytes", .integer(Int64(answer.count)))) }
        finish(result)
    }

    private func timeUp() {
        if isOver { return }
        let allowed = course.attempt.deadline - course.attempt.started
        fail(
            dial?.known
                ?? .timeout(in: course.attempt.phase, after: allowed, place: plan.dial.endpoint.text))
    }

    private func fail(_ failure: ProbeFailure) {
        course.leave()
        var result = ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
        if let tls = failure.tls {
            result.facts = tls.facts(at: context.time.wall)
            result.series = tls.series
        }
        finish(result)
    }

    private func finish(_ unfinished: ProbeResult) {
        if isOver { return }
        isOver = true
        alarm?.cancel()
        dial?.abandon()
        dial = nil
        var result = unfinished
        result.duration = context.time.now - course.attempt.started
        result.phases = course.timings
        if let tls = connection?.tls {
            result.facts += tls.facts(at: context.time.wall)
            result.series = tls.series
        }
        if result.outcome == .pass || result.outcome == .warn, connection?.tls == nil {
            // An orderly end: the peer reads everything and then our FIN.
            connection?.channel.close(promise: nil)
        } else {
            conversation?.hangUp()
        }
        connection = nil
        conversation = nil
        done(result)
    }
}
