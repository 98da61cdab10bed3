// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
package import Vitals

/// The Unix socket: JSON-RPC 2.0, one object per line. Serves listening descriptors on one event loop.
package final class SocketServer: Sendable {
    /// What a server needs to know and whom it asks.
    package struct Equipment: Sendable {
        /// Where answers come from.
        package var board: Board
        /// Monotonic and wall time.
        package var clock: any TimeSource
        /// Where it counts.
        package var tallies: TallyBook
        /// The bounds.
        package var limits = SocketLimits()
        /// Which peer may do what.
        package var access: SocketAccess
        /// Who a peer is.
        package var inspection: PeerInspection
        /// Where its listening sockets are entered; one of its own where there is none.
        package var listeners: ListenerBook
        /// The descriptors that clients do not get.
        package var reserve = DescriptorReserve()
        /// Name and version for `hello`: `vitald/0.1.0`.
        package var name: String
        /// What is not measured now.
        package var unmeasured: @Sendable () -> [Unmeasured]
        /// Hears of every use of an administrator's method, on the event loop.
        package var audit: @Sendable (SocketAudit) -> Void
        /// Hears of every connection that is gone, on the event loop (`PushSink.closed`).
        package var gone: @Sendable (ConnectionID, Instant) -> Void

        /// Gathers the equipment.
        package init(
            board: Board, clock: any TimeSource, tallies: TallyBook, access: SocketAccess,
            inspection: PeerInspection, name: String, listeners: ListenerBook? = nil,
            unmeasured: @escaping @Sendable () -> [Unmeasured] = { [] },
            audit: @escaping @Sendable (SocketAudit) -> Void = { _ in },
            gone: @escaping @Sendable (ConnectionID, Instant) -> Void = { _, _ in }
        ) {
            self.board = board
            self.clock = clock
            self.tallies = tallies
            self.access = access
            self.inspection = inspection
            self.listeners = listeners ?? ListenerBook(tallies: tallies, time: clock)
            self.name = name
            self.unmeasured = unmeasured
            self.audit = audit
            self.gone = gone
        }
    }

    /// Connections that the kernel keeps for us while we are busy: as many as may be open.
    package static let backlog: CInt = 1024

    private let loop: any EventLoop
    private let hall: NIOLoopBoundBox<SocketHall?>
    let listeners: NIOLoopBoundBox<[Listener]>
    private let equipment: Equipment
    private let handlers: [any SocketHandler]

    /// Makes a server that answers these methods beside those about itself: `hello`, `limits`, `describe`,
    /// `subscribe`, `unsubscribe`. `listen` opens it. May be made on any thread.
    package init(loop: any EventLoop, equipment: Equipment, handlers: [any SocketHandler]) {
        self.loop = loop
        self.equipment = equipment
        self.handlers = handlers
        hall = .makeEmptyBox(eventLoop: loop)
        listeners = .makeBoxSendingValue([], eventLoop: loop)
        let loop = loop
        let box = hall
        equipment.board.listen { _, changes in
            guard !changes.isEmpty else { return }
            if loop.inEventLoop {
                box.value?.announce(changes)
            } else {
                loop.execute { box.value?.announce(changes) }
            }
        }
    }

    /// Serves a listening Unix socket, which the server owns from here on; may be called for several.
    package func listen(descriptor: CInt) -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let hall = openHall()
            let listener = Listener(
                loop: loop, book: equipment.listeners,
                plan: Listener.Plan(
                    backlog: Self.backlog,
                    waterMark: .init(
                        low: equipment.limits.answersUnread / 2, high: equipment.limits.answersUnread),
                    shedsLoad: true),
                rejections: hall.rejections, decide: { hall.decide($0) })
            listeners.value.append(listener)
            let opening = listener.open { $0.withBoundSocket(descriptor) }.map { _ in }
            let opened = NIOLoopBound(listener, eventLoop: loop)
            // It is in the list already, so that `close` meanwhile closes it.
            opening.whenFailure { [listeners] _ in
                let listener = opened.value
                listeners.value.removeAll { $0 === listener }
            }
            return opening
        }
    }

    /// Stops accepting, answers what is under way within `endTime`, and closes every connection.
    package func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            let closed = listeners.value.map { $0.close() }
            listeners.value = []
            let sessions = hall.value.map { Array($0.sessions.values) } ?? []
            let ends = sessions.compactMap { $0.context?.channel.closeFuture }
            for session in sessions { session.retire() }
            let rest = NIOLoopBound(sessions, eventLoop: loop)
            let timer = loop.scheduleTask(in: equipment.limits.endTime) {
                for session in rest.value { session.context?.close(promise: nil) }
            }
            return EventLoopFuture.andAllComplete(closed + ends, on: loop).map { timer.cancel() }
        }
    }

    /// How many connections are open.
    package func connections() -> EventLoopFuture<Int> {
        loop.submit { [hall] in hall.value?.sessions.count ?? 0 }
    }

    private func openHall() -> SocketHall {
        if let hall = hall.value { return hall }
        var all = handlers
        all.insert(HelloHandler(name: equipment.name, limits: equipment.limits), at: 0)
        all.append(LimitsHandler(limits: equipment.limits, tallies: equipment.tallies))
        let sessionHandlers: [any SessionHandler] = [
            SubscribeHandler(board: equipment.board, unmeasured: equipment.unmeasured),
            UnsubscribeHandler(),
        ]
        let methods =
            all.map(\.method) + sessionHandlers.map(\.method) + [Describe.method]
        all.append(DescribeHandler(methods: methods))
        let opened = SocketHall(
            equipment, loop: loop,
            answerers: all.map { .call($0) } + sessionHandlers.map { .session($0) })
        hall.value = opened
        return opened
    }
}
