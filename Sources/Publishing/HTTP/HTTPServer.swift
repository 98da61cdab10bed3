// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
package import Vitals

/// The HTTP server: addresses in, answers from the Board out, everything on one event loop.
package final class HTTPServer: Sendable {
    struct State {
        var listeners: [Listener] = []
        var roll: ConnectionRoll
        var isDraining = false
        var isDrained = false
        var drained: EventLoopPromise<Void>?
        /// Who decides over TCP; nil lets everybody in.
        var door: Doorkeeper?
        var desk: PasswordDesk?
        let turnstile: Turnstile
        let rejections: Rejections
        var remarks = HandshakeRemarks()
    }

    /// Where what takes long is done, one thing after the other: on a thread that is not the loop's.
    package typealias Lane = @Sendable (_ job: @escaping @Sendable () -> Void) -> Void

    let loop: any EventLoop
    let limits: HTTPLimits
    let router: Router
    let time: any TimeSource
    private let rules: [any RequestRule]
    private let boundBodies: NIOLoopBoundBox<BodyBudget>
    private let remark: @Sendable (HandshakeRemark) -> Void
    private let book: ListenerBook
    let reserve: DescriptorReserve
    let users: SocketAccess
    let inspection: PeerInspection
    let state: NIOLoopBoundBox<State>
    private let boundTallies: NIOLoopBoundBox<RequestTallies>
    private let open = Atomic<Int>(0)

    /// Makes a server that listens nowhere yet.
    ///
    /// `rules` are asked for every request, before its route. What is pushed goes to `sink`. `pages` add samples to the
    /// metrics page beside the kernel's, the board's and the book's; they are called on the sampler's lane, one at a time. `remark` hears of
    /// handshakes that fail, once a minute at most. Its listening sockets are entered in `listeners`; `users` says who
    /// is an administrator on the Unix socket, and `inspection` who is at its other end.
    package init(
        loop: any EventLoop, board: Board, kernel: any KernelReading, tallies: TallyBook,
        time: any TimeSource, identity: ServiceIdentity, generation: TickGeneration,
        sink: any PushSink,
        limits: HTTPLimits = HTTPLimits(), routes: [any Route.Type] = RouteCatalog.all,
        rules: [any RequestRule] = [], pages: [@Sendable (inout Sheet) -> Void] = [],
        listeners: ListenerBook? = nil, reserve: DescriptorReserve = DescriptorReserve(),
        users: SocketAccess = .standard(ownUser: 0),
        inspection: PeerInspection = PeerInspection(resolver: nil),
        remark: @escaping @Sendable (HandshakeRemark) -> Void = { _ in }
    ) {
        self.loop = loop
        self.limits = limits
        self.time = time
        self.remark = remark
        book = listeners ?? ListenerBook(tallies: tallies, time: time)
        self.reserve = reserve
        self.users = users
        self.inspection = inspection
        self.rules = [HostRule()] + rules
        let desk = ScrapeDesk(
            loop: loop, kernel: kernel, limits: limits, tallies: tallies,
            sources: PageSources(board: board, tallies: tallies, version: identity.version, others: pages))
        router = Router(
            routes,
            RouteSources(
                board: board, desk: desk, identity: identity, generation: generation, time: time,
                sink: sink, pushes: PushTallies(tallies),
                events: EventStreams(
                    loop, board: board, limits: limits, tallies: tallies,
                    unmeasured: { kernel.unmeasured })))
        boundBodies = NIOLoopBoundBox.makeBoxSendingValue(BodyBudget(bytes: limits.bodies), eventLoop: loop)
        let rejections = Rejections(lingeringFor: limits.lingerTime)
        state = NIOLoopBoundBox.makeBoxSendingValue(
            State(
                roll: ConnectionRoll(local: limits.local), turnstile: Turnstile(loop), rejections: rejections),
            eventLoop: loop)
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
        start(isLocal: isUnixSocket, backlog: SocketServer.backlog) { $0.withBoundSocket(descriptor) }
            .map(\.localAddress)
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
            access, time: time, tallies: tallies.refusals, desk: desk, following: old)
        if access.tellsClientsApart, old?.access.tellsClientsApart != true {
            for connection in state.value.roll.all { connection.becomeStranger() }
        }
        // A stream is let in once: what it was let in by may be gone. Its reader comes back where it left off.
        if access.tellsClientsApart || old?.access.tellsClientsApart == true {
            for connection in state.value.roll.all where connection.peer != nil { connection.endStream() }
        }
        guard old?.access.tls?.trust != access.tls?.trust else { return }
        for connection in state.value.roll.all { connection.endIfOutdated() }
    }

    /// Whether it is served to other machines than this one, by whatever listener. On the loop.
    package var servesOthers: Bool {
        state.value.listeners.contains { listener in
            guard let address = listener.address, let peer = PeerAddress(address) else { return false }
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
            for listener in state.value.listeners { listener.close() }
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
        start(isLocal: isLocal, backlog: CInt(clamping: limits.connections), bind).flatMapThrowing {
            channel in
            guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
            return address
        }
    }

    private func start(
        isLocal: Bool, backlog: CInt,
        _ bind: @escaping @Sendable (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<any Channel> {
        loop.flatSubmit { [self] in
            let listener = Listener(
                loop: loop, book: book, plan: Listener.Plan(backlog: backlog, shedsLoad: isLocal),
                rejections: state.value.rejections,
                decide: { [self] newcomer in
                    isLocal ? decideLocal(newcomer) : decideRemote(newcomer)
                })
            if state.value.isDraining {
                listener.close()
            } else {
                state.value.listeners.append(listener)
            }
            let opening = listener.open(bind)
            let me = NIOLoopBound((self, listener), eventLoop: loop)
            // It is in the list already, so that a drain meanwhile closes it.
            opening.whenFailure { _ in
                let (server, listener) = me.value
                server.state.value.listeners.removeAll { $0 === listener }
            }
            return opening
        }
    }
}

/// What connections ask of their server, on the loop.
extension HTTPServer {
    var tallies: RequestTallies { boundTallies.value }

    /// What all bodies hold.
    var bodies: BodyBudget { boundBodies.value }

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
        if let due = state.value.remarks.hear(reason, of: name, at: time.now) { remark(due) }
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

    /// The reply of a route.
    func reply(to request: HTTPRequest, route: Int) -> RouteReply { router.routes[route].answer(request) }

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

    func counted() {
        let count = state.value.roll.count
        open.store(count, ordering: .relaxed)
        tallies.open.set(Int64(count))
    }
}
