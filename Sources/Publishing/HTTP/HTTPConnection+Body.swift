// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// The body of a request: read only once the request was let in and its route takes one.
extension HTTPConnection {
    /// Begins to read a body; its time is that of the request.
    func receive(_ plan: BodyPlan, _ request: HTTPRequest, route: Int) {
        guard let context else { return }
        guard let body = RequestBody(plan, server.bodies) else {
            server.tallies.refusals.add(.bodies)
            return send(BodyPlan.tooMany.answer, route: route)
        }
        state = .receiving(body, request, route: route)
        if plan.isAwaited {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
        }
        gate.expectBody(plan.framing)
    }

    /// Takes what comes of it.
    func received(_ bytes: ByteBuffer) {
        guard case .receiving(let body, _, let route) = state else { return }
        do {
            try body.take(bytes)
        } catch {
            refuse(error, route)
        }
    }

    /// The body is whole: its route is asked.
    func receivedAll() {
        guard case .receiving(let body, var request, let route) = state else { return }
        owesBody = false
        do {
            try body.end()
        } catch {
            return refuse(error, route)
        }
        request.body = body.bytes
        state = .answering
        answer(request, route: route, holding: body)
    }

    private func refuse(_ refusal: BodyPlan.Refusal, _ route: Int) {
        if refusal.answer.status == .serviceUnavailable { server.tallies.refusals.add(.bodies) }
        send(refusal.answer, route: route)
    }
}
