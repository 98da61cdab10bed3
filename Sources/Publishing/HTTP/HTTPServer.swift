// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
package import Vitals

/// The HTTP server: addresses in, answers from the Board out, everything on one event loop.
package final class HTTPServer: Sendable {
    private struct State {
        var listeners: [any Channel] = []
        var roll = ConnectionRoll()
        var isDraining = false
        var isDrained = false
        var drained: EventLoopPromise<Void>?
        /// Who decides over TCP; nil lets everybody in.
        var door: Doorkeeper?
        var desk: PasswordDesk?
        let turnstile: Turnstile
        var remarks = HandshakeRemarks()
    }

    /// Where what takes long is done, one thing after the other: on a thread that is not the loop's.
    package typealias Lane = @Sendable (_ job: @escaping @Sendable () -> Void) -> Void

    let loop: any EventLoop
    let limits: HTTPLimits
    private let router: Router
    private let view: PublicView
    private let rules: [any RequestRule]
    private let remark: @Sendable (HandshakeRemark) -> Void
    private let state: NIOLoopBoundBox<State>
    private let boundTallies: NIOLoopBoundBox<RequestTallies>
    private let open = Atomic<Int>(0)

    /// Makes a server that listens nowhere yet.
    ///
    /// `rules` are asked for every request, before its route. `pages` add samples to the metrics page beside the
    /// kernel's, the board's and the book's; they are called on the sampler's lane, one at a time. `remark` hears of
    /// handshakes that fail, once a minute at most.
    package init(
        loop: any EventLoop, board: Board, kernel: any KernelReading, tallies: TallyBook,
        time: any TimeSource, identity: ServiceIdentity, generation: TickGeneration,
        limits: HTTPLimits = HTTPLimits(), routes: [any Route] = RouteCatalog.all,
        rules: [any RequestRule] = [], pages: [@Sendable (inout Sheet) -> Void] = [],
        remark: @escaping @Sendable (HandshakeRemark) -> Void = { _ in }
    ) {
        self.loop = loop
        self.limits = limits
        self.remark = remark
        self.rules = [HostRule(), BodyRule()] + rules
        router = Router(routes)
        let desk = ScrapeDesk(
            loop: loop, kernel: kernel, limits: limits, tallies: tallies,
            sources: PageSources(board: board, tallies: tallies, version: identity.version, others: pages))
        view = PublicView(
            board: board, desk: desk, identity: identity, generation: generation, time: time)
        state = NIOLoopBoundBox.makeBoxSendingValue(State(turnstile: Turnstile(loop)), eventLoop: loop)
        boundTallies = NIOLoopBoundBox.makeBoxSendingValue(RequestTallies(tallies, routes), eventLoop: loop)
    }

    /// Open connections; from any thread.
    package var connections: Int { open.load(ordering: .relaxed) }

    /// Listens on an address, TCP or a Unix socket path that is free; gives the address as the kernel has it.
    package func listen(on address: SocketAddress) -> EventLoopFuture<SocketAddress> {
        listen(isLocal: address.pathname != nil) { $0.bind(to: address) }
    }

    /// Listens on a descriptor that is bound already (socket activation, a path that was prepared); takes it over.
    package func listen(descriptor: CInt, isUnixSocket: Bool) -> EventLoopFuture<SocketAddress?> {
        start(isLocal: isUnixSocket) { $0.withBoundSocket(descriptor) }.map { channel in
            SocketServer.restoreQueue(of: descriptor)
            return channel.localAddress
        }
    }

    /// Puts these rules for TCP in force from the next connection and the next request on; passwords are compared on
    /// `lane`. On the loop.
    ///
    /// Connections that came by another way than is wanted now end with their next answer: in plain text, or by
    /// certificates that are no longer asked for.
    package func replaceAccess(_ access: HTTPAccess, lane: @escaping Lane) {
        let old = state.value.door
        let desk = state.value.desk ?? PasswordDesk(loop, lane: lane)
        state.value.desk = desk
        tallies.refusals.show(access)
        state.value.door = Doorkeeper(
            access, time: view.time, tallies: tallies.refusals, desk: desk, following: old)
        if access.tellsClientsApart, old?.access.tellsClientsApart != true {
            for connection in state.value.roll.all { connection.becomeStranger() }
        }
        guard old?.access.tls?.trust != access.tls?.trust else { return }
        for connection in state.value.roll.all { connection.endIfOutdated() }
    }

    /// Whether it is served to other machines than this one, by whatever listener. On the loop.
    package var servesOthers: Bool {
        state.value.listeners.contains { listener in
            guard let address = listener.localAddress, let peer = PeerAddress(address) else { return false }
            return !peer.isLoopback
        }
    }

    /// Accepts nothing more, lets requests in flight finish, ends the rest; what is not done in time is cut.
    package func drain(within time: TimeAmount) -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            if let drained = state.value.drained { return drained.futureResult }
            let promise = loop.makePromise(of: Void.self)
            state.value.isDraining = true
            state.value.drained = promise
            for listener in state.value.listeners { listener.close(promise: nil) }
            state.value.listeners.removeAll()
            let cut = loop.scheduleTask(in: time) { [self] in
                // The last of them to end keeps the promise.
                for connection in state.value.roll.all { connection.cut() }
            }
            promise.futureResult.whenComplete { _ in cut.cancel() }
            for connection in state.value.roll.all { connection.drain() }
            finishDraining()
            return promise.futureResult
        }
    }

    private func listen(
        isLocal: Bool, _ bind: @escaping @Sendable (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<SocketAddress> {
        start(isLocal: isLocal, bind).flatMapThrowing { channel in
            guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
            return address
        }
    }

    private func start(
        isLocal: Bool, _ bind: @escaping @Sendable (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<any Channel> {
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: Int32(clamping: limits.connections))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer(AcceptPause.add)
            // Who sends much takes turns with the others.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // Who ends its side behind the last request still gets its answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try admit(channel, isLocal: isLocal) }
            }
        return bind(bootstrap).map { [self] channel in
            if state.value.isDraining {
                channel.close(promise: nil)
            } else {
                state.value.listeners.append(channel)
            }
            return channel
        }
    }

    private func admit(_ channel: any Channel, isLocal: Bool) throws {
        let door = isLocal ? nil : state.value.door
        guard !state.value.isDraining, !isLocal || state.value.roll.local < limits.unixConnections else {
            tallies.refused.add()
            return try refuse(channel, door)
        }
        var arrival: Doorkeeper.Arrival?
        if !isLocal {
            guard let peer = channel.remoteAddress.flatMap(PeerAddress.init) else {
                // It is gone already.
                return channel.close(promise: nil)
            }
            guard try receive(channel, from: peer, door) else { return }
            let tls = door?.access.tls
            arrival = Doorkeeper.Arrival(peer: peer, tls: tls, isPaid: tls != nil)
        }
        let gate = RequestGate(headBytes: limits.headBytes, state.value.turnstile)
        let connection = HTTPConnection(self, gate, arrival)
        var bounds = NIOHTTPDecoderLimitConfiguration()
        bounds.maxHeaderFieldCount = limits.headFields
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: bounds))
        try channel.pipeline.syncOperations.addHandlers([gate, decoder, HTTPResponseEncoder(), connection])
        connection.number = state.value.roll.enter(connection)
        counted()
    }

    /// Takes a connection over TCP in, as far as there is room or can be made; false where it is refused.
    private func receive(_ channel: any Channel, from peer: PeerAddress, _ door: Doorkeeper?) throws -> Bool {
        // Where nobody is known, nobody's idle connection is worth more than a new one.
        let worth: ConnectionStanding = door?.access.tellsClientsApart ?? false ? .idle : .busy
        let room = state.value.roll.room(
            for: peer, bound: door?.access.limits.connections ?? limits.connections,
            perPeer: door?.access.limits.connectionsPerPeer ?? .max, worth)
        switch room {
        case .free: break
        case .insteadOf(let other):
            tallies.refusals.add(.evicted)
            other.evict()
        case .peerIsFull:
            tallies.refusals.add(.peerLimit)
            try refuse(channel, door)
            return false
        case .full:
            tallies.refused.add()
            try refuse(channel, door)
            return false
        }
        if let door, let tls = door.access.tls {
            let toll = HandshakeToll { [self] in
                if door.admitsHandshake(from: peer) { return true }
                tallies.refusals.add(.openingRate)
                return false
            }
            try channel.pipeline.syncOperations.addHandlers([toll, tls.handler()])
        }
        return true
    }

    /// Who expects a handshake could not read a sentence in plain text.
    private func refuse(_ channel: any Channel, _ door: Doorkeeper?) throws {
        if door?.access.tls != nil { return channel.close(promise: nil) }
        try channel.pipeline.syncOperations.addHandler(ConnectionRefusal())
    }
}

/// What connections ask of their server, on the loop.
extension HTTPServer {
    var tallies: RequestTallies { boundTallies.value }

    var isDraining: Bool { state.value.isDraining }

    /// The answer that refuses a request whatever it is for.
    func refusal(of head: HTTPRequestHead) -> HTTPAnswer? {
        for rule in rules {
            if let refusal = rule.refusal(of: head) { return refusal }
        }
        return nil
    }

    /// Whether a request may be answered at all, by whoever sent it.
    func admit(_ head: HTTPRequestHead, _ arrival: Doorkeeper.Arrival?) -> Doorkeeper.Admission {
        guard let arrival, let door = state.value.door else { return .granted }
        return door.admit(head, arrival)
    }

    /// Counts a handshake that failed, and remarks on it where it has a reason.
    func handshakeFailed(_ error: (any Error)?, from client: SocketAddress?) {
        tallies.refusals.add(.handshake)
        guard let reason = error.flatMap(TLSReason.text) else { return }
        let name = client?.ipAddress ?? "somebody"
        if let due = state.value.remarks.hear(reason, of: name, at: view.time.now) { remark(due) }
    }

    /// The answer where a login's time is up.
    func tooManyLogins() -> HTTPAnswer {
        tallies.refusals.add(.queue)
        return Doorkeeper.tooManyLogins
    }

    /// Whether a connection came by the way that is wanted now.
    func isWelcome(_ arrival: Doorkeeper.Arrival?) -> Bool {
        guard let arrival, let door = state.value.door else { return true }
        return arrival.tls?.trust == door.access.tls?.trust
    }

    /// The reply to a request, and its route for the count.
    func reply(to request: HTTPRequest) -> (RouteReply, route: Int?) {
        switch router.match(request.path, request.method) {
        case .route(let number): return (router.routes[number].answer(request, view), number)
        case .wrongMethod(let number, let allow):
            let answer = HTTPAnswer(.methodNotAllowed, text: "405: only \(allow) here.\n").with(
                "Allow", allow)
            return (.now(answer), number)
        case .nowhere:
            return (.now(HTTPAnswer(.notFound, text: "404: nothing here. / lists what there is.\n")), nil)
        }
    }

    func ended(_ connection: HTTPConnection) {
        guard state.value.roll.leave(connection.number) else { return }
        counted()
        finishDraining()
    }

    private func finishDraining() {
        guard state.value.isDraining, state.value.roll.count == 0, !state.value.isDrained else { return }
        state.value.isDrained = true
        state.value.drained?.succeed()
    }

    private func counted() {
        let count = state.value.roll.count
        open.store(count, ordering: .relaxed)
        tallies.open.set(Int64(count))
    }
}
