// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// Stands before TLS and counts a handshake when its first byte comes: to connect and say nothing costs nothing, so it
/// must not use up what others need. Where there are too many, a handshake waits for its turn, and its client's bytes
/// with it.
final class HandshakeToll: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Nothing came yet.
        case fresh
        /// The turn comes later; these bytes are for TLS then.
        case waiting(ByteBuffer, Scheduled<Void>)
        /// The turn has come, or never will.
        case over
    }

    /// A client sends no more than its first message before it hears of the server.
    private static let mostKept = 65_536

    private let admit: () -> Duration?
    private let leave: () -> Void
    private var state = State.fresh
    private var readHeldBack = false

    /// `admit` is asked once how long the handshake waits; where it gives nil, the connection ends. `leave` hears of a
    /// client that left before its turn.
    init(admit: @escaping () -> Duration?, leave: @escaping () -> Void) {
        self.admit = admit
        self.leave = leave
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .fresh:
            guard let wait = admit() else {
                state = .over
                return context.close(promise: nil)
            }
            guard wait > .zero else {
                state = .over
                context.fireChannelRead(data)
                return context.pipeline.syncOperations.removeHandler(self, promise: nil)
            }
            let me = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let timer = context.eventLoop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) {
                let (toll, context) = me.value
                toll.turnCame(context)
            }
            state = .waiting(unwrapInboundIn(data), timer)
        case .waiting(var bytes, let timer):
            // The end of a client's input is read with all that lies before it.
            var more = unwrapInboundIn(data)
            bytes.writeBuffer(&more)
            state = .waiting(bytes, timer)
            if bytes.readableBytes > Self.mostKept { context.close(promise: nil) }
        case .over: break
        }
    }

    func read(context: ChannelHandlerContext) {
        if case .waiting = state { readHeldBack = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nobody ends its side before the handshake but to leave.
        if case .waiting = state, case .some(.inputClosed) = event as? ChannelEvent {
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { giveUp() }

    private func turnCame(_ context: ChannelHandlerContext) {
        guard case .waiting(let bytes, _) = state else { return }
        state = .over
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        if readHeldBack { context.read() }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func giveUp() {
        guard case .waiting(_, let timer) = state else { return }
        state = .over
        timer.cancel()
        leave()
    }
}
