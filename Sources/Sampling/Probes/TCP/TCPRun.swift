// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// One attempt of a tcp probe, all by one deadline.
final class TCPRun: LoopConfined, @unchecked Sendable {
    private let plan: TCPPlan
    private let resolver: Resolver
    private let base: NetworkAttempt

    private var dial: Dial?
    private var connection: Connection?
    private var conversation: TCPConversation?
    private var answer: [UInt8] = []

    /// Makes a run; `done` is called once.
    init(
        _ plan: TCPPlan, _ context: ProbeContext, resolver: Resolver, attempt: Attempt,
        done: @escaping (ProbeResult) -> Void
    ) {
        self.plan = plan
        self.resolver = resolver
        base = NetworkAttempt(attempt, plan.dial, context, done: done)
    }

    /// Begins.
    func start() {
        base.start { self.fail(self.base.overdue(known: self.dial?.knownError)) }
        let dial = Dial(
            plan.dial, context: base.context, resolver: resolver, course: base.log,
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
    func abandon() { finish(.abandoned) }

    private func ask() {
        guard let conversation else { return }
        guard plan.expected != nil || !plan.send.isEmpty else {
            judge()
            return
        }
        base.log.enter(.processing)
        conversation.send(plan.send) { [self] event in
            if !base.isOver { hear(event) }
        }
        // What is sent and not answered is handed to the kernel, which is all that was asked for.
        if plan.expected == nil, !base.isOver { judge() }
    }

    private func hear(_ event: TCPConversation.Event) {
        switch event {
        case .bytes(let bytes):
            base.log.enter(.transfer)
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
            fail(ended(DialError(error)))
        }
    }

    private func ended(_ error: DialError) -> ProbeFailure {
        guard error == .closed else { return ProbeFailure(error, plan.dial, at: base.context.time.wall) }
        let place = plan.dial.endpoint.text
        return ProbeFailure(
            .fail, "closed",
            answer.isEmpty
                ? "\(place) closed the connection without an answer"
                : "\(place) closed the connection after \(answer.count) bytes without the expected answer")
    }

    private func judge() {
        let latency = base.latency
        let verb = plan.expected == nil ? "connected" : "answered"
        var result = ProbeResult(.pass, message: "\(verb) in \(HTTPVerdict.milliseconds(latency))")
        if let worry = connection?.tls?.worry(plan.expiry, at: base.context.time.wall) {
            result.outcome = worry.outcome
            result.reason = worry.reason
            result.message = "\(worry.text) (\(result.message))"
        }
        if let stale = connection?.staleName { result.note(stale) }
        result.facts = [Fact.latency(latency)]
        if plan.expected != nil { result.facts.append(Fact("answer_bytes", .integer(Int64(answer.count)))) }
        finish(result)
    }

    private func fail(_ failure: ProbeFailure) { finish(ProbeResult(failure), tls: failure.tls) }

    private func finish(_ result: ProbeResult, tls: TLSFindings? = nil) {
        if base.isOver { return }
        dial?.abandon()
        dial = nil
        // First of all: closing a channel calls back at once.
        base.finish(result, tls: tls ?? connection?.tls)
        if result.outcome == .pass || result.outcome == .warn, connection?.tls == nil {
            // An orderly end: the peer reads everything and then our FIN.
            connection?.channel.close(promise: nil)
        } else {
            conversation?.hangUp()
        }
        connection = nil
        conversation = nil
    }
}
