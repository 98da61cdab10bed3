// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import NIOCore
import NIOPosix
import Vitals

/// A listening socket that goes on listening, whatever accept(2) says. Lives on the event loop.
///
/// The event loop library closes a listening socket at most errors of accept(2), and at the others it tries again at
/// once, for ever. Here the socket has a second descriptor: after a pause it is listened on again, or read again, and
/// clients that connected meanwhile have waited in its queue.
final class Listener {
    /// How a listener is set up.
    struct Plan {
        /// Connections that the kernel keeps while the event loop is busy.
        var backlog: CInt
        /// Between which amounts of unread answers a connection is written to.
        var waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 64 * 1024)
        /// Whether connections that are to be refused are taken from the queue past the library when there are many:
        /// in a flood that is many times as fast, and others find room in the queue.
        var shedsLoad: Bool
    }

    /// Connections that one turn of the loop accepts by way of the library.
    private static let batch: UInt = 4
    /// Connections that it takes past the library: some milliseconds' work.
    private static let shed = 512

    private let loop: any EventLoop
    private let book: ListenerBook
    private let plan: Plan
    private let rejections: Rejections
    private let decide: (Newcomer) -> Admission
    private var record: ListenerRecord?
    private var channel: (any Channel)?
    /// Where it listens.
    private(set) var address: SocketAddress?
    /// How often accept(2) failed in a row.
    private var failures = 0
    private var remarks = AcceptRemarks()
    private var shortage = AcceptRemarks()
    private var retry: Scheduled<Void>?
    private var isFlooded = false
    private var isClosed = false

    init(
        loop: any EventLoop, book: ListenerBook, plan: Plan, rejections: Rejections,
        decide: @escaping (Newcomer) -> Admission
    ) {
        self.loop = loop
        self.book = book
        self.plan = plan
        self.rejections = rejections
        self.decide = decide
    }

    /// Opens it.
    func open(
        _ bind: @Sendable (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) -> EventLoopFuture<any Channel> {
        let me = NIOLoopBound(self, eventLoop: loop)
        return bind(bootstrap()).map { channel in
            me.value.opened(channel)
            return channel
        }
    }

    /// Listens no more.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        isClosed = true
        retry?.cancel()
        retry = nil
        record?.replaceDescriptor(-1)
        if let record { book.leave(record) }
        let closed = channel?.close()
        channel = nil
        return closed ?? loop.makeSucceededVoidFuture()
    }

    private func bootstrap() -> ServerBootstrap {
        let me = NIOLoopBound(self, eventLoop: loop)
        return ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: plan.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: Self.batch)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    // The library traps where it cannot watch a descriptor that it was given.
                    guard
                        try operations.withUnsafeTransportIfAvailable(
                            of: NIOBSDSocket.Handle.self, { clinux_can_watch($0) }) ?? true
                    else { throw ChannelError.operationUnsupported }
                    try operations.addHandler(AcceptWatch(me.value))
                }
            }
            // Who sends much takes turns with the others.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // Who ends its side behind the last request still gets its answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: plan.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try me.value.take(channel) }
            }
    }

    private func opened(_ channel: any Channel) {
        guard !isClosed else { return channel.close(promise: nil) }
        self.channel = channel
        let me = NIOLoopBound(self, eventLoop: loop)
        channel.closeFuture.whenComplete { _ in me.value.lost(channel) }
        address = address ?? channel.localAddress
        let record = record ?? book.enter(Self.name(of: channel) ?? "a socket")
        self.record = record
        book.change(record, to: .accepting)
        keepDescriptor()
        // The library listens with 128 on a socket that it is given, before it looks at the option.
        use(channel) { _ = Glibc.listen($0, plan.backlog) }
    }

    /// A descriptor that outlives the library's. Without one there is another try at the next pause.
    private func keepDescriptor() {
        guard let record, let channel, !record.hasDescriptor else { return }
        use(channel) { descriptor in
            let second = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            if second >= 0 { record.replaceDescriptor(second) }
        }
    }

    private func use(_ channel: any Channel, _ body: (CInt) -> Void) {
        _ = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self, body)
    }

    // MARK: Connections

    /// Lets an accepted connection in, or refuses it. Throws where it is to be closed.
    private func take(_ channel: any Channel) throws {
        accepted()
        let address = channel.remoteAddress
        let admission = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { [decide] in decide(Newcomer(descriptor: $0, address: address)) }
        switch admission {
        case .admitted(let setUp): try setUp(channel)
        case .refused(let rejection):
            isFlooded = true
            note(rejection)
            try rejections.refuse(channel, rejection)
        case nil: throw ChannelError.operationUnsupported
        }
    }

    private func accepted() {
        record?.noteAccepted()
        guard failures > 0 else { return }
        if let record, remarks.recovered(after: failures) {
            book.tell(record, isTrouble: false, "connections are accepted again")
        }
        failures = 0
    }

    private func note(_ rejection: Rejection) {
        guard rejection.isForDescriptors, let record, let others = shortage.failed(at: book.time.now) else {
            return
        }
        book.tell(
            record, isTrouble: true,
            "no descriptors are free for clients: of the \(DescriptorReserve.allowed) that vitald may have only those "
                + "are left that are reserved for checks, and a client was refused. Raise LimitNOFILE= of the unit, or "
                + "close idle clients.\(Self.more(others))")
    }

    private static func more(_ others: Int) -> String {
        others == 0 ? "" : " (\(others) more since the last such line)"
    }

    /// A turn of the loop has accepted what it could.
    fileprivate func batchEnded(_ channel: any Channel) {
        guard isFlooded else { return }
        isFlooded = false
        if plan.shedsLoad { use(channel) { shedLoad($0) } }
    }

    /// Takes connections from the queue past the library. Most of them are refused, at the price of three system calls.
    private func shedLoad(_ listening: CInt) {
        for _ in 0..<Self.shed {
            let descriptor = clinux_accept(listening)
            if descriptor == -EINTR || descriptor == -ECONNABORTED { continue }
            // An empty queue, mostly. All else the library meets as well, with its next turn.
            guard descriptor >= 0 else { return }
            accepted()
            switch decide(Newcomer(descriptor: descriptor, address: nil)) {
            case .admitted(let setUp): serve(descriptor, setUp)
            case .refused(let rejection):
                note(rejection)
                rejections.refuse(descriptor, rejection)
            }
        }
    }

    private func serve(_ descriptor: CInt, _ setUp: @escaping (any Channel) throws -> Void) {
        let prepared = NIOLoopBound(setUp, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.writeBufferWaterMark, value: plan.waterMark)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepared.value(channel)
                    // The library traps where it cannot watch a descriptor that it was given.
                    guard clinux_can_watch(descriptor) else { throw ChannelError.operationUnsupported }
                }
            }
        _ = bootstrap.withConnectedSocket(descriptor)
    }

    // MARK: Trouble

    /// accept(2) failed; whether the library closes the socket comes out when this returns.
    fileprivate func failed(_ error: any Error, _ channel: any Channel) {
        guard !isClosed, let record else { return }
        let failure = AcceptFailure(error)
        failures += 1
        keepDescriptor()
        book.count(failure, of: record)
        book.change(record, to: .paused)
        if let others = remarks.failed(at: book.time.now) {
            book.tell(
                record, isTrouble: true,
                failure.sentence(allowed: DescriptorReserve.allowed) + Self.more(others))
        }
        // Else the library would try again at once.
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        resume(in: failure.pause(after: failures))
    }

    /// The library closed the socket.
    private func lost(_ channel: any Channel) {
        guard !isClosed, channel === self.channel, let record else { return }
        self.channel = nil
        book.change(record, to: .closed)
        if retry == nil { resume(in: AcceptFailure(0).pause(after: failures)) }
    }

    private func resume(in time: TimeAmount) {
        retry?.cancel()
        let me = NIOLoopBound(self, eventLoop: loop)
        retry = loop.scheduleTask(in: time) { me.value.resume() }
    }

    private func resume() {
        retry = nil
        guard !isClosed, let record else { return }
        guard let channel, channel.isActive else { return reopen(record) }
        keepDescriptor()
        book.change(record, to: .accepting)
        try? channel.syncOptions?.setOption(.autoRead, value: true)
    }

    /// Listens again on the descriptor that was kept.
    private func reopen(_ record: ListenerRecord) {
        // The library's own descriptor has just become free, so there is room for another one; if not, the last is used.
        let second = record.duplicate()
        let descriptor = second >= 0 ? second : record.takeDescriptor()
        guard descriptor >= 0 else {
            // Only a restart opens it again; the watchdog sees it closed.
            return book.tell(
                record, isTrouble: true, "the socket was lost and cannot be opened again. Restart vitald.")
        }
        let me = NIOLoopBound(self, eventLoop: loop)
        open { $0.withBoundSocket(descriptor) }.whenFailure { error in
            me.value.reopeningFailed(descriptor, error)
        }
    }

    private func reopeningFailed(_ descriptor: CInt, _ error: any Error) {
        guard !isClosed, let record else { return }
        // The library closes the descriptor or leaves it, as it happens: it is ours while it is still the same socket.
        if record.isSameSocket(descriptor) {
            if record.hasDescriptor { Glibc.close(descriptor) } else { record.replaceDescriptor(descriptor) }
        }
        failures += 1
        book.count(AcceptFailure(error), of: record)
        resume(in: .seconds(1))
    }

    private static func name(of channel: any Channel) -> String? {
        let name = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { descriptor in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room -> String? in
                guard let base = room.baseAddress else { return nil }
                var port: UInt16 = 0
                switch clinux_bound_address(descriptor, base, room.count, &port) {
                case CLINUX_PATH: return String(cString: base)
                case CLINUX_IP:
                    let host = String(cString: base)
                    return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
                default: return nil
                }
            }
        }
        return name ?? nil
    }
}

/// Sees in the pipeline of a listening socket what becomes of accept(2).
private final class AcceptWatch: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let listener: Listener

    init(_ listener: Listener) { self.listener = listener }

    func channelReadComplete(context: ChannelHandlerContext) {
        listener.batchEnded(context.channel)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        listener.failed(error, context.channel)
    }
}
