// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// Asks one server over HTTP/1.1 and keeps its connection between the requests.
package final class HTTPClient: LoopConfined, @unchecked Sendable {
    private let plan: Dial.Plan
    private let context: OutboundContext
    private let resolver: Resolver
    private let interval: Duration
    private var kept: HTTPConnection?

    /// Makes a client; `interval` is the time from one request to the next: a connection that would be too old by
    /// then is not kept.
    package init(_ plan: Dial.Plan, _ context: OutboundContext, resolver: Resolver, interval: Duration) {
        self.plan = plan
        self.context = context
        self.resolver = resolver
        self.interval = interval
    }

    /// Prepares the sending of a request; `done` is called once, on the event loop, unless the exchange is abandoned.
    /// Only on the event loop.
    package func exchange(
        _ request: HTTPRequest, times: CallTimes, step: @escaping StepCallback,
        done: @escaping (Result<HTTPAnswer, HTTPError>) -> Void
    ) -> HTTPExchange {
        HTTPExchange(
            request, plan, context, resolver: resolver, times: times, step: step,
            kept: take(for: request),
            done: { [self] result, connection in
                keep(connection, after: request)
                done(result)
            })
    }

    /// Closes the connection that is kept. Only on the event loop.
    package func close() {
        kept?.conversation.hangUp()
        kept = nil
    }

    private func take(for request: HTTPRequest) -> HTTPConnection? {
        guard let connection = kept else { return nil }
        kept = nil
        // A request that must not be sent twice needs a connection that cannot be at its end already.
        if request.method.isIdempotent, connection.isUsable(at: context.time.now) { return connection }
        connection.conversation.hangUp()
        return nil
    }

    private func keep(_ connection: HTTPConnection?, after request: HTTPRequest) {
        guard let connection else { return }
        guard kept == nil, request.method.isIdempotent, connection.isUsable(at: context.time.now + interval)
        else {
            connection.conversation.hangUp()
            return
        }
        kept = connection
    }
}
