// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Threads
import Vitals

/// One request and its answer, redirects within one origin included; over a kept connection or a new one.
///
/// A connection that was used before, for an earlier request or for the one that redirected, may be at its end: the
/// server may close it when it likes (RFC 9112, 9.5). Where it dies before the answer begins, the request is sent once
/// more over a new one. Only idempotent requests go over used connections, so no other is ever sent twice.
package final class HTTPExchange: LoopConfined, @unchecked Sendable {
    private let request: HTTPRequest
    private let plan: Dial.Plan
    private let context: OutboundContext
    private let resolver: Resolver
    private let times: CallTimes
    private let step: StepCallback
    private let done: (Result<HTTPAnswer, HTTPError>, HTTPConnection?) -> Void

    private var state: State
    private var dial: Dial?
    /// Where the next request goes, and how.
    private var target: HTTPTarget
    private var method: HTTPRequestMethod

    /// The answer as far as it is read; nil before its head.
    package private(set) var answer: HTTPAnswer?
    /// The connection over which the last request went; nil before there is one.
    package private(set) var connection: Connection?
    /// The redirects that were followed.
    package private(set) var redirects = 0

    private enum State {
        /// Not begun, perhaps with a connection of an earlier exchange.
        case fresh(HTTPConnection?)
        case dialling
        /// The request was sent.
        case waiting(HTTPConnection, Use)
        /// The answer has begun.
        case reading(HTTPConnection)
        case ended
    }

    /// What a connection was used for before a request.
    private enum Use {
        case new, used
    }

    init(
        _ request: HTTPRequest, _ plan: Dial.Plan, _ context: OutboundContext, resolver: Resolver,
        times: CallTimes, step: @escaping StepCallback, kept: HTTPConnection?,
        done: @escaping (Result<HTTPAnswer, HTTPError>, HTTPConnection?) -> Void
    ) {
        self.request = request
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.times = times
        self.step = step
        self.done = done
        state = .fresh(kept)
        target = request.target
        method = request.method
    }

    /// Begins. Only on the event loop.
    package func start() {
        guard case .fresh(let kept) = state else { return }
        if let kept { send(over: kept, .used) } else { open() }
    }

    /// Gives up: nothing stays open and nobody hears of it. Only on the event loop.
    package func abandon() {
        dial?.abandon()
        dial = nil
        switch state {
        case .waiting(let connection, _), .reading(let connection), .fresh(.some(let connection)):
            state = .ended
            connection.conversation.hangUp()
        case .fresh, .dialling, .ended: state = .ended
        }
    }

    /// The error that is known already while a refused server's certificates are being read.
    package var knownError: DialError? { dial?.knownError }

    // MARK: - The connection

    private func open() {
        state = .dialling
        var conversation: HTTPConversation?
        let dial = Dial(
            plan, context: context, resolver: resolver, times: times, step: step,
            configure: { conversation = try HTTPConversation.install(on: $0) },
            done: { [self] result in
                self.dial = nil
                switch result {
                case .success(let connection):
                    guard let conversation else { return }
                    send(over: HTTPConnection(connection: connection, conversation: conversation), .new)
                case .failure(let error): fail(.connection(error))
                }
            })
        self.dial = dial
        dial.start()
    }

    // MARK: - Request and answer

    private func send(over line: HTTPConnection, _ use: Use) {
        answer = nil
        connection = line.connection
        state = .waiting(line, use)
        step(.waiting)
        let body = method == request.method ? request.body : []
        line.conversation.send(request.head(target.requestTarget, method, bodyCount: body.count), body: body)
        {
            [self] event in
            hear(event)
        }
    }

    private func hear(_ event: HTTPConversation.Event) {
        switch (event, state) {
        case (.began, .waiting(let line, _)):
            state = .reading(line)
            step(.reading)
        case (.head(let head), .reading): answer = HTTPAnswer(head)
        case (.body(let piece), .reading(let line)):
            guard answer?.body.append(piece) == .full else { return }
            // The rest is not read, and so the connection is of no further use.
            line.conversation.hangUp()
            answered(over: line, reusable: nil)
        case (.end, .reading(let line)):
            let isReusable = answer?.head.isKeepAlive == true && line.conversation.isFree
            answered(over: line, reusable: isReusable ? line : nil)
        case (.failed, .waiting(_, .used)) where method.isIdempotent: open()
        case (.failed(let error), .waiting): fail(HTTPError(error, hasBegun: false))
        case (.failed(let error), .reading): fail(HTTPError(error, hasBegun: true))
        default: break
        }
    }

    private func answered(over line: HTTPConnection, reusable: HTTPConnection?) {
        guard let answer else { return }
        if request.followRedirects > 0, let location = answer.redirection {
            follow(location, answer.status, over: line, reusable)
            return
        }
        state = .ended
        if reusable == nil { line.conversation.hangUp() }
        done(.success(answer), reusable)
    }

    private func follow(
        _ location: String, _ status: UInt, over line: HTTPConnection, _ reusable: HTTPConnection?
    ) {
        guard redirects < request.followRedirects else {
            fail(.tooManyRedirects(redirects))
            return
        }
        guard let next = target.following(location) else {
            fail(.foreignRedirect)
            return
        }
        redirects += 1
        target = next
        // RFC 9110, 15.4: 303 asks for GET; for 301 and 302 that is what everybody does with POST.
        if status == 303 && method != .head || (status == 301 || status == 302) && method == .post {
            method = .get
        }
        if let reusable, method.isIdempotent {
            send(over: reusable, .used)
        } else {
            line.conversation.hangUp()
            open()
        }
    }

    private func fail(_ error: HTTPError) {
        switch state {
        case .waiting(let line, _), .reading(let line):
            state = .ended
            line.conversation.hangUp()
        case .fresh, .dialling: state = .ended
        case .ended: return
        }
        done(.failure(error), nil)
    }
}
