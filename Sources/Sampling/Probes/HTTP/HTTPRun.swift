// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// One attempt of an http probe: an exchange, the search for the pattern, the verdict; all by one deadline.
final class HTTPRun: LoopConfined, @unchecked Sendable {
    private enum State {
        case fresh
        case asking(HTTPExchange)
        /// The answer is there and is searched for the pattern.
        case searching(HTTPExchange)
        case over
    }

    private let plan: HTTPPlan
    private let client: HTTPClient
    private let gate: PatternGate
    private let base: NetworkAttempt
    private var state = State.fresh
    /// How long the server took for its whole answer.
    private var latency = Duration.zero
    private var patternFound: Bool?

    /// Makes a run; `done` is called once.
    init(
        _ plan: HTTPPlan, _ context: ProbeContext, client: HTTPClient, gate: PatternGate, attempt: Attempt,
        done: @escaping (ProbeResult) -> Void
    ) {
        self.plan = plan
        self.client = client
        self.gate = gate
        base = NetworkAttempt(attempt, plan.dial, context, done: done)
    }

    /// Begins.
    func start() {
        base.start { self.timeUp() }
        let exchange = client.exchange(plan.request, times: base.times, step: base.step) { [self] result in
            switch result {
            case .success(let answer): answered(answer)
            case .failure(let error):
                fail(ProbeFailure(error, plan.dial, at: base.context.time.wall))
            }
        }
        state = .asking(exchange)
        exchange.start()
    }

    /// Ends without a result that anybody would read.
    func abandon() { finish(.abandoned) }

    // MARK: - The pattern

    private func answered(_ answer: HTTPAnswer) {
        guard case .asking(let exchange) = state else { return }
        latency = base.latency
        guard let pattern = plan.expect.bodyMatches, !answer.body.isBroken, answer.body.coding != .foreign
        else {
            judge(exchange)
            return
        }
        guard gate.enter() else {
            fail(gate.state == .queued ? Self.searchQueued : Self.searchTooSlow)
            return
        }
        state = .searching(exchange)
        search(answer.body.bytes, for: pattern)
    }

    /// On a lane: some patterns take long over 64 KiB, and the event loop waits for nobody.
    private func search(_ bytes: [UInt8], for pattern: BytePattern) {
        let (context, log) = (base.context, base.log)
        log.enter(.queued, isOwn: true)
        let isStarted = context.lanes.start { [self, gate] in
            // Of an attempt that is over nobody wants to know, and the search may take long.
            guard context.time.now < log.attempt.deadline else { return gate.leave() }
            gate.begin()
            log.enter(.transfer, isOwn: true)
            let found: Bool? = pattern.matches(bytes)
            gate.leave()
            context.eventLoop.execute { self.searched(found) }
        }
        guard !isStarted else { return }
        gate.leave()
        fail(.threadless)
    }

    private func searched(_ found: Bool?) {
        guard case .searching(let exchange) = state else { return }
        patternFound = found
        judge(exchange)
    }

    // MARK: - The end

    private func judge(_ exchange: HTTPExchange) {
        guard let answer = exchange.answer, let connection = exchange.connection else { return }
        var findings = HTTPVerdict.findings(answer, plan, patternFound: patternFound, took: latency)
        if let worry = connection.tls?.worry(plan.expiry, at: base.context.time.wall) {
            findings.append(worry)
        }
        let worst = findings.max { $0.outcome.rawValue < $1.outcome.rawValue }
        let summary = "\(answer.status) in \(HTTPVerdict.milliseconds(latency))"
        let texts = findings.map(\.text).joined(separator: "; ")
        var result = ProbeResult(
            worst?.outcome ?? .pass, reason: worst?.reason,
            message: worst == nil ? summary : "\(texts) (\(summary))")
        if let stale = connection.staleName { result.note(stale) }
        result.facts = facts(answer, redirects: exchange.redirects)
        finish(result)
    }

    private func facts(_ answer: HTTPAnswer, redirects: Int) -> [Fact] {
        var facts = [
            Fact("response_code", .integer(Int64(answer.status))), Fact.latency(latency),
            Fact("http_version", .text(answer.versionText)),
            Fact("body_bytes", .integer(Int64(answer.body.bytes.count))),
        ]
        if answer.body.isTruncated { facts.append(Fact("body_truncated", .boolean(true))) }
        if redirects > 0 { facts.append(Fact("redirects", .integer(Int64(redirects)))) }
        return facts
    }

    private func timeUp() {
        switch state {
        case .asking(let exchange): fail(base.overdue(known: exchange.knownError))
        case .searching where base.attempt.phase == .queued: fail(base.overdue(known: nil))
        case .searching: fail(Self.searchTooSlow)
        case .fresh, .over: break
        }
    }

    private static let searchTooSlow = ProbeFailure(
        .unknown, "inconclusive.pattern",
        "looking for the pattern of `bodyMatches` takes longer than the timeout; write a simpler one")

    private static let searchQueued = ProbeFailure(
        .unknown, "inconclusive.lanes",
        "all worker threads are busy since the attempt before this one: other checks are blocked")

    private func fail(_ failure: ProbeFailure) {
        var result = ProbeResult(failure)
        switch state {
        case .asking(let exchange), .searching(let exchange):
            if let answer = exchange.answer {
                result.facts = [Fact("response_code", .integer(Int64(answer.status)))]
            }
        case .fresh, .over: break
        }
        finish(result, tls: failure.tls)
    }

    private func finish(_ unfinished: ProbeResult, tls: TLSFindings? = nil) {
        let exchange: HTTPExchange?
        switch state {
        case .asking(let last), .searching(let last): exchange = last
        case .fresh: exchange = nil
        case .over: return
        }
        state = .over
        exchange?.abandon()
        let findings = tls ?? exchange?.connection?.tls
        var result = unfinished
        base.log.leave()
        result.series =
            HTTPFamilies.series(
                exchange?.answer, patternFound: patternFound, phases: base.log.timings,
                redirects: exchange?.redirects ?? 0, overTLS: exchange?.connection?.tls != nil)
            + result.series
        base.finish(result, tls: findings)
    }
}
