// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOSSL
import Threads
import Vitals

/// One attempt of an http probe: a connection, a request, its answer, the verdict; all by one deadline.
///
/// `@unchecked Sendable`: everything but the search for the pattern, which touches constants only, happens on the
/// event loop.
final class HTTPRun: @unchecked Sendable {
    private let plan: HTTPPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let gate: PatternGate
    private let course: PhaseLog
    private let done: (ProbeResult, HTTPLine?) -> Void

    private var alarm: Scheduled<Void>?
    private var dial: Dial?
    private var line: HTTPLine?
    private var isReused = false
    private var hasBegun = false
    private var mayKeep = false
    private var place: HTTPTarget
    private var method: HTTPProbeMethod
    private var redirects = 0
    private var answer: HTTPAnswer?
    private var isMatching = false
    private var isOver = false

    /// Makes a run; `done` is called once, with the connection where it can be used again.
    init(
        _ plan: HTTPPlan, _ context: ProbeContext, resolver: Resolver, gate: PatternGate, attempt: Attempt,
        kept: HTTPLine?, done: @escaping (ProbeResult, HTTPLine?) -> Void
    ) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.gate = gate
        self.done = done
        course = PhaseLog(attempt: attempt, time: context.time)
        place = plan.place
        method = plan.method
        line = kept
        isReused = kept != nil
    }

    /// Begins.
    func start() {
        let left = max(.zero, course.attempt.deadline - context.time.now)
        alarm = context.eventLoop.scheduleTask(in: .nanoseconds(left.nanoseconds)) { self.timeUp() }
        if line == nil { call() } else { ask() }
    }

    /// Ends without a result that anybody would read.
    func abandon() {
        if !isOver { finish(ProbeResult(.unknown, reason: "inconclusive.closed", message: "vitald stopped")) }
    }

    // MARK: - The connection

    private func call() {
        isReused = false
        var conversation: HTTPConversation?
        let dial = Dial(
            plan.dial, context: context, resolver: resolver, course: course,
            configure: { conversation = try HTTPConversation.install(on: $0) },
            done: { [self] result in
                self.dial = nil
                switch result {
                case .success(let connection):
                    guard let conversation else { return }
                    line = HTTPLine(connection: connection, conversation: conversation)
                    ask()
                case .failure(let failure): fail(failure)
                }
            })
        self.dial = dial
        dial.start()
    }

    // MARK: - Question and answer

    private func ask() {
        guard let line else { return }
        course.enter(.processing)
        hasBegun = false
        answer = nil
        let body = method == plan.method ? plan.body : []
        line.conversation.send(plan.head(place.requestTarget, method, bodyCount: body.count), body: body) {
            [self] event in
            if !isOver { hear(event) }
        }
    }

    private func hear(_ event: HTTPConversation.Event) {
        switch event {
        case .began:
            hasBegun = true
            course.enter(.transfer)
        case .head(let head):
            mayKeep = head.isKeepAlive && method.isIdempotent
            answer = HTTPAnswer(head)
        case .body(let piece):
            guard answer?.body.append(piece) == .full else { return }
            // The rest is not read, and so the connection is of no further use.
            mayKeep = false
            line?.conversation.hangUp()
            answered()
        case .end: answered()
        case .failed(let error):
            if isReused, !hasBegun {
                // The server closed the kept connection at its leisure, which is its right (RFC 9112, 9.5).
                line = nil
                call()
            } else {
                fail(HTTPRun.failure(error, place: plan.place.endpoint.text, hasBegun: hasBegun))
            }
        }
    }

    private func answered() {
        guard let answer else { return }
        if plan.followRedirects > 0, let location = answer.redirection {
            follow(location, answer.status)
            return
        }
        guard let pattern = plan.expect.bodyMatches, !answer.body.isBroken, answer.body.coding != .foreign
        else {
            judge()
            return
        }
        // On a lane: some patterns take long over 64 KiB, and the event loop waits for nobody.
        guard gate.enter() else {
            patternTooSlow()
            return
        }
        isMatching = true
        let isStarted = context.lanes.start {
            [self, gate, bytes = answer.body.bytes, loop = context.eventLoop] in
            let found = pattern.matches(bytes)
            gate.leave()
            loop.execute {
                if self.isOver { return }
                self.answer?.patternFound = found
                self.judge()
            }
        }
        guard isStarted else {
            gate.leave()
            isMatching = false
            return fail(.threadless)
        }
    }

    private func follow(_ location: String, _ status: UInt) {
        guard redirects < plan.followRedirects else {
            fail(
                ProbeFailure(
                    .fail, "http.redirect", "redirects again after \(redirects) redirects, which is the limit"
                ))
            return
        }
        guard let next = place.following(location) else {
            // The place is not shown: tokens are wont to stand in it.
            fail(
                ProbeFailure(
                    .fail, "http.redirect",
                    "redirects to another origin, which is not followed; write the final URL into the configuration"
                ))
            return
        }
        redirects += 1
        place = next
        // RFC 9110, 15.4: 303 asks for GET; for 301 and 302 that is what everybody does with POST.
        if status == 303 && method != .head || (status == 301 || status == 302) && method == .post {
            method = .get
        }
        if mayKeep, line?.conversation.isFree == true {
            ask()
        } else {
            line?.conversation.hangUp()
            line = nil
            call()
        }
    }

    // MARK: - The end

    private func judge() {
        course.leave()
        guard let answer, let connection = line?.connection else { return }
        let duration = context.time.now - course.attempt.started
        let wall = context.time.wall
        var findings = HTTPVerdict.findings(answer, plan, took: duration)
        if let tls = connection.tls, let settings = plan.tls, let worry = tls.worry(settings, at: wall) {
            findings.append(worry)
        }
        let worst = findings.max { $0.outcome.rawValue < $1.outcome.rawValue }
        let summary = "\(answer.status) in \(HTTPVerdict.milliseconds(duration))"
        let texts = findings.map(\.text).joined(separator: "; ")
        var result = ProbeResult(
            worst?.outcome ?? .pass, reason: worst?.reason,
            message: worst == nil ? summary : "\(texts) (\(summary))")
        if let stale = connection.staleName { result.note(stale) }
        result.facts = facts(answer, duration)
        finish(result, keep: mayKeep)
    }

    private func facts(_ answer: HTTPAnswer, _ duration: Duration) -> [Fact] {
        var facts = [
            Fact("response_code", .integer(Int64(answer.status))),
            Fact("latency_ms", .number((duration.milliseconds * 1000).rounded() / 1000)),
            Fact("http_version", .text("\(answer.head.version.major).\(answer.head.version.minor)")),
            Fact("body_bytes", .integer(Int64(answer.body.bytes.count))),
        ]
        if answer.body.isTruncated { facts.append(Fact("body_truncated", .boolean(true))) }
        if redirects > 0 { facts.append(Fact("redirects", .integer(Int64(redirects)))) }
        return facts
    }

    private func timeUp() {
        if isOver { return }
        if isMatching {
            patternTooSlow()
            return
        }
        let allowed = course.attempt.deadline - course.attempt.started
        fail(
            dial?.known
                ?? .timeout(in: course.attempt.phase, after: allowed, place: plan.place.endpoint.text))
    }

    private func patternTooSlow() {
        fail(
            ProbeFailure(
                .unknown, "inconclusive.pattern",
                "looking for the pattern of `bodyMatches` takes longer than the timeout; write a simpler one")
        )
    }

    private func fail(_ failure: ProbeFailure) {
        course.leave()
        var result = ProbeResult(failure.outcome, reason: failure.reason, message: failure.message)
        if let answer { result.facts = [Fact("response_code", .integer(Int64(answer.status)))] }
        if let tls = failure.tls {
            result.facts += tls.facts(at: context.time.wall)
            result.series = tls.series
        }
        finish(result)
    }

    private func finish(_ unfinished: ProbeResult, keep: Bool = false) {
        if isOver { return }
        isOver = true
        alarm?.cancel()
        dial?.abandon()
        dial = nil
        var result = unfinished
        result.duration = context.time.now - course.attempt.started
        result.phases = course.timings
        let tls = line?.connection.tls
        if let tls {
            result.facts += tls.facts(at: context.time.wall)
            result.series = tls.series
        }
        result.series =
            HTTPFamilies.series(answer, phases: result.phases, redirects: redirects, overTLS: tls != nil)
            + result.series
        let kept = keep && line?.conversation.isFree == true ? line : nil
        if kept == nil { line?.conversation.hangUp() }
        line = nil
        done(result, kept)
    }

    private static func failure(_ error: any Error, place: String, hasBegun: Bool) -> ProbeFailure {
        switch error {
        case is HeaderMeter.Excess:
            return ProbeFailure(.fail, "http.headers", "the answer's head is longer than 64 KiB")
        case HTTPParserError.headerOverflow:
            return ProbeFailure(.fail, "http.headers", "the answer's head is longer than 64 KiB")
        case HTTPParserError.invalidEOFState, ChannelError.eof:
            return ProbeFailure(
                .fail, "closed",
                hasBegun
                    ? "\(place) closed the connection in the middle of its answer"
                    : "\(place) closed the connection without an answer")
        case is HTTPParserError, is NIOHTTPDecoderError:
            return ProbeFailure(
                .fail, "http.malformed", "\(place) answered something that is not correct HTTP/1.1")
        case is BoringSSLError, is NIOSSLError:
            return ProbeFailure(
                .fail, "tls.handshake",
                "\(place) ended TLS after the handshake; does it want a certificate (tls.certFile)?")
        default: return ProbeFailure(error, place: place)
        }
    }
}
