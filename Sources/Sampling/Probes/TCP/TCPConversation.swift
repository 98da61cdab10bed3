// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import Outbound

/// A connection of which bytes are read as they come. Confined to the event loop.
final class TCPConversation: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What comes back.
    enum Event {
        /// Some bytes.
        case bytes([UInt8])
        /// The connection ended.
        case failed(any Error)
    }

    private var listener: ((Event) -> Void)?
    private var context: ChannelHandlerContext?
    /// What came before anybody asked: some servers speak first.
    private var early: [Event] = []

    /// Sends bytes, where there are some, and listens.
    func send(_ bytes: [UInt8], listener: @escaping (Event) -> Void) {
        self.listener = listener
        if !bytes.isEmpty, let context {
            context.writeAndFlush(
                Self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
        }
        let early = early
        self.early = []
        for event in early { self.listener?(event) }
    }

    /// Ends the connection at once; nobody hears of it.
    func hangUp() {
        listener = nil
        context?.channel.cut()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        tell(.bytes(Array(Self.unwrapInboundIn(data).readableBytesView)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.uncleanShutdown = error { return }
        tell(.failed(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell(.failed(ChannelError.eof))
        context.fireChannelInactive()
    }

    private func tell(_ event: Event) {
        if let listener {
            listener(event)
        } else if early.count < 16 {
            // Between the connection and the question lies one turn of the loop; more cannot matter.
            early.append(event)
        }
    }
}
