// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import Vitals

/// One client's connection: takes decoded requests one by one, asks the house for answers, keeps the times.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let server: HTTPServer
    let gate: RequestGate
    /// Which one it is.
    var number: UInt64 = 0
    /// How it came.
    private(set) var origin: Origin
    var state = ConnectionState.idle
    /// Whether a request has ever begun on it.
    private var hasAsked = false
    /// Whether a request was ever let in on it.
    private var isAccepted = false
    var head: HTTPRequestHead?
    private var began = NIODeadline.now()
    private let alarm: LazyAlarm
    /// Who writes on it. Looked up with the first write alone: it takes files of /proc.
    private lazy var source = findSource()
    private(set) var context: ChannelHandlerContext?
    /// Whether the request has a body that is not read to its end: what comes behind its head is no other request.
    var owesBody = false

    /// By which way a connection came.
    enum Origin {
        /// Over the Unix socket, opened by this process and user.
        case local(PeerCredentials)
        /// Over TCP.
        case remote(Doorkeeper.Arrival)
    }

    init(_ server: HTTPServer, _ gate: RequestGate, _ origin: Origin) {
        self.server = server
        self.gate = gate
        self.origin = origin
        alarm = LazyAlarm(server.loop)
        // Who may open the Unix socket may ask.
        isAccepted = arrival == nil
        if arrival?.tls != nil { state = .handshaking }
    }

    /// How it came over TCP; nil over the Unix socket.
    var arrival: Doorkeeper.Arrival? {
        if case .remote(let arrival) = origin { arrival } else { nil }
    }

    /// Who is at the other end of TCP.
    var peer: PeerAddress? { arrival?.peer }

    /// What is lost with it.
    var standing: ConnectionStanding { state.standing(isAccepted: isAccepted) }

    /// What was let in on it before does not count any more.
    func becomeStranger() { isAccepted = arrival == nil }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // Undone when it ends.
        alarm.strike = { self.strike() }
        expire(in: arrival?.tls == nil ? idleTime : server.limits.handshakeTime)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? RequestGate.Event else {
            if case TLSUserEvent.handshakeCompleted = event { shookHands(context) }
            return context.fireUserInboundEventTriggered(event)
        }
        switch event {
        case .headBegan:
            guard case .idle = state else { return }
            began = .now()
            hasAsked = true
            state = .reading
            expire(in: min(server.limits.headTime, server.limits.requestTime))
        case .malformed(let sentence):
            refuse(.badRequest, "400: " + sentence)
        case .tooLong:
            refuse(
                .requestHeaderFieldsTooLarge,
                "431: the request's head is longer than \(server.limits.headBytes) bytes.")
        case .inputEnded: endStream()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard case .reading = state else { return }
            self.head = head
            // The rest of a request that is refused never comes through the gate: there may be no `end`.
            owesBody = BodyFraming.isAnnounced(by: head)
            if let refusal = server.refusal(of: head) { return send(refusal, route: nil) }
            // A body is not read before the request is let in.
            if owesBody { serve(head) }
        case .body(let bytes): received(bytes)
        case .end:
            if case .receiving = state { return receivedAll() }
            guard case .reading = state, let head else { return }
            serve(head)
        }
    }

    /// What the decoder could not take, or TLS.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .handshaking = state {
            failedHandshake(error)
            return context.close(promise: nil)
        }
        guard error is HTTPParserError || error is ByteToMessageDecoderError else {
            return context.close(promise: nil)
        }
        // Its bytes were counted before: only the fields can be too many.
        if case .headerOverflow? = error as? HTTPParserError {
            return refuse(
                .requestHeaderFieldsTooLarge,
                "431: the request's head has more than \(server.limits.headFields) fields.")
        }
        refuse(.badRequest, "400: this is no valid HTTP/1.1 request.")
    }

    /// Ends the connection as soon as nothing is being answered on it. What is on its way is waited for a moment: a request
    /// that the kernel holds already, and the first one of whoever has only just come.
    func drain() {
        switch state {
        case .idle where hasAsked: expire(in: server.limits.lastTime)
        case .idle, .handshaking: expire(in: server.limits.arrivalTime)
        case .streaming: endStream()
        case .reading, .deciding, .receiving, .answering, .lingering, .closed: break
        }
    }

    /// Ends the connection where it came by a way that is no longer wanted: nothing more is answered on it but what is
    /// being answered already.
    func endIfOutdated() {
        guard !server.isWelcome(arrival) else { return }
        switch state {
        case .handshaking, .idle, .reading, .receiving: leave()
        case .streaming: endStream()
        case .deciding(let giveUp):
            giveUp()
            leave()
        case .answering, .lingering, .closed: break
        }
    }

    private func leave() {
        state = .lingering
        context?.close(promise: nil)
    }

    /// Ends the connection at once, without waiting for a good-bye over TLS.
    func cut() {
        guard let context else { return }
        let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        (tls ?? context).close(promise: nil)
    }

    /// Gives its place to another one, which has it when this returns.
    func evict() {
        end()
        cut()
    }

    private func serve(_ head: HTTPRequestHead) {
        guard server.isWelcome(arrival) else { return leave() }
        guard let request = HTTPRequest(head, began: began, from: RequestClient(origin)) else {
            return refuse(.badRequest, "400: the target is not a path.")
        }
        state = .answering
        alarm.set(began + server.limits.requestTime)
        switch server.admit(head, arrival) {
        case .granted: proceed(request)
        case .refused(let refusal): send(refusal, route: nil)
        case .pending(let decision, let giveUp):
            state = .deciding(giveUp: giveUp)
            let me = NIOLoopBound(self, eventLoop: server.loop)
            decision.whenSuccess { me.value.decided(request, $0) }
        }
    }

    private func decided(_ request: HTTPRequest, _ refusal: HTTPAnswer?) {
        // Meanwhile the client may have gone, or its time may be up.
        guard case .deciding = state else { return }
        state = .answering
        if let refusal { send(refusal, route: nil) } else { proceed(request) }
    }

    /// Goes on with a request that was let in.
    private func proceed(_ request: HTTPRequest) {
        isAccepted = true
        // A handshake that a good request follows costs its machine nothing.
        arrival?.handshake?.settle()
        guard let head else { return }
        var request = request
        switch server.plan(request, head, arrival) {
        case .refuse(let refusal, let route): send(refusal, route: route)
        case .answer(let route, let parameters):
            request.parameters = parameters
            answer(request, route: route)
        case .receive(let plan, let route, let parameters):
            request.parameters = parameters
            receive(plan, request, route: route)
        }
    }

    /// Asks a route. What is held is given back when it has answered.
    func answer(_ request: HTTPRequest, route: Int, holding body: RequestBody? = nil) {
        var request = request
        if request.method != .GET { request.source = source }
        switch server.reply(to: request, route: route) {
        case .now(let answer): send(answer, route: route)
        case .stream(let stream): send(stream, route: route)
        case .later(let future):
            let me = NIOLoopBound((self, body), eventLoop: server.loop)
            future.whenSuccess { me.value.0.send($0, route: route) }
        }
        withExtendedLifetime(body) {}
    }

    /// Asks the kernel who is at the other end, as far as it knows.
    private func findSource() -> PushSource {
        guard case .local(let credentials) = origin else {
            return PushSource(door: .http, connection: nil, pid: nil, uid: nil, origin: nil)
        }
        let place = try? context?.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { server.inspection.origin(of: $0, credentials) }
        // No connection: over HTTP none is kept, so that none can be missed.
        return PushSource(
            door: .http, connection: nil, pid: credentials.pid == 0 ? nil : credentials.pid,
            uid: credentials.uid,
            origin: place ?? nil)
    }

    private func refuse(_ status: HTTPResponseStatus, _ sentence: String) {
        switch state {
        case .handshaking, .idle, .reading: send(.refusal(status, sentence), route: nil)
        case .receiving(_, _, let route): send(.refusal(status, sentence), route: route)
        // An answer is on its way and nothing can be sent before it: what follows on this connection is lost.
        case .deciding, .answering, .streaming, .lingering, .closed: break
        }
    }

    func send(_ answer: HTTPAnswer, route: Int?) {
        guard let context, isOpen else {
            answer.whenDone?()
            return
        }
        server.tallies.count(route, answer.status.code)
        let request = head
        head = nil
        // An upgrade is not taken up, and the decoder reads nothing behind a request that asks for one.
        let isUpgrade = request?.headers.contains(name: "upgrade") ?? false || request?.method == .CONNECT
        let keepsAlive =
            !answer.closes && !owesBody && !server.isDraining && !isUpgrade && server.isWelcome(arrival)
            && (request?.isKeepAlive ?? false)
        state = .answering
        if answer.closes || owesBody { expire(in: server.limits.lingerTime) }
        let answerHead = answer.head(
            version: version(of: request), keepsAlive: keepsAlive,
            transportSecurity: arrival?.tls?.transportSecurity)
        context.write(Self.wrapOutboundOut(.head(answerHead)), promise: nil)
        if request?.method != .HEAD, answer.body.readableBytes > 0 {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let me = NIOLoopBound(self, eventLoop: server.loop)
        promise.futureResult.whenComplete { _ in
            answer.whenDone?()
            me.value.sent(keepsAlive: keepsAlive)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// The version of an answer.
    func version(of request: HTTPRequestHead?) -> HTTPVersion {
        request.map { $0.version.isBefore1_1 ? .http1_0 : .http1_1 } ?? .http1_1
    }

    private var idleTime: TimeAmount {
        isAccepted ? server.limits.idleTime : min(server.limits.idleTime, server.limits.strangerTime)
    }

    var isOpen: Bool {
        if case .closed = state { false } else { true }
    }

    func sent(keepsAlive: Bool) {
        guard case .answering = state, let context else { return }
        if keepsAlive {
            state = .idle
            expire(in: idleTime)
            gate.answered()
            if server.isDraining { drain() }
            return
        }
        state = .lingering
        gate.shut()
        expire(in: server.limits.lingerTime)
        context.close(mode: .output, promise: nil)
    }

    func expire(in time: TimeAmount) { alarm.set(.now() + time) }

    private func strike() {
        switch state {
        case .handshaking:
            failedHandshake(nil)
            context?.close(promise: nil)
        case .idle, .lingering: context?.close(promise: nil)
        case .reading:
            server.tallies.tooSlow.add()
            send(.refusal(.requestTimeout, "408: the request's head took too long."), route: nil)
        case .deciding(let giveUp):
            state = .answering
            giveUp()
            send(server.tooManyLogins(), route: nil)
        case .receiving(_, _, let route):
            server.tallies.tooSlow.add()
            send(.refusal(.requestTimeout, "408: the request's body took too long."), route: route)
        case .streaming(let writer):
            writer.beat()
            expire(in: server.limits.streamBeat)
        case .answering:
            server.tallies.tooSlow.add()
            context?.close(promise: nil)
        case .closed: break
        }
    }

    private func shookHands(_ context: ChannelHandlerContext) {
        guard case .handshaking = state else { return }
        state = .idle
        if let names = arrival?.tls?.clientNames, !names.isEmpty {
            let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            if case .remote(var arrival) = origin {
                arrival.isNamed = names.admit(handler?.peerCertificate)
                origin = .remote(arrival)
            }
        }
        if !server.isWelcome(arrival) { return leave() }
        expire(in: server.isDraining ? server.limits.arrivalTime : idleTime)
    }

    private func failedHandshake(_ error: (any Error)?) {
        server.handshakeFailed(error, from: context?.channel.remoteAddress)
        state = .lingering
    }

    private func end() {
        if case .closed = state { return }
        let last = state
        state = .closed
        if case .deciding(let giveUp) = last { giveUp() }
        if case .streaming(let writer) = last { writer.end() }
        alarm.cancel()
        server.ended(self)
    }
}
