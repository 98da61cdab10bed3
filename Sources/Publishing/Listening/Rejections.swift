// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Refuses connections so that those who are refused can read why. Lives on the event loop.
///
/// To close a connection at once would reset it where the client has sent something already, and a reset overtakes
/// the sentence (tcp(7)); on a Unix socket its next write fails before it reads. So a refused connection lingers until
/// the client has ended it too. Only so many do: a flood must not hold descriptors, and gets its sentence in passing.
final class Rejections {
    /// So many refused connections linger at once.
    static let lingering = 32
    /// So much is thrown away of what one of them sends.
    static let thrownAway = 65_536

    private let time: TimeAmount
    private(set) var count = 0

    /// They linger for so long at most.
    init(lingeringFor time: TimeAmount) { self.time = time }

    /// Refuses a connection that the event loop library made a channel of. Throws where the channel is to be closed at
    /// once.
    func refuse(_ channel: any Channel, _ rejection: Rejection) throws {
        guard let words = rejection.words else { throw ChannelError.ioOnClosedChannel }
        let operations = channel.pipeline.syncOperations
        if !rejection.isForDescriptors, count < Self.lingering {
            return try operations.addHandler(RefusalHandler(self, words, time))
        }
        _ = try operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { send(words, $0) }
        throw ChannelError.ioOnClosedChannel
    }

    /// Refuses a connection that is only a descriptor yet, and closes it.
    func refuse(_ descriptor: CInt, _ rejection: Rejection) {
        if let words = rejection.words { send(words, descriptor) }
        Glibc.close(descriptor)
    }

    /// The socket is fresh and its buffer empty, so the words fit; a peer that is gone already is no matter.
    private func send(_ words: ByteBuffer, _ descriptor: CInt) {
        words.withUnsafeReadableBytes { bytes in
            _ = Glibc.send(
                descriptor, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
        }
    }

    fileprivate func enter() { count += 1 }

    fileprivate func leave() { count -= 1 }
}

/// The whole pipeline of a refused connection: the words, the end of this side, and then what the client still says is
/// thrown away until it ends its side.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let rejections: Rejections
    private let words: ByteBuffer
    private let time: TimeAmount
    private var thrownAway = 0
    private var timer: Scheduled<Void>?
    private var isCounted = false

    init(_ rejections: Rejections, _ words: ByteBuffer, _ time: TimeAmount) {
        self.rejections = rejections
        self.words = words
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) {
        isCounted = true
        rejections.enter()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(words), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        thrownAway += unwrapInboundIn(data).readableBytes
        if thrownAway > Rejections.thrownAway { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func end() {
        timer?.cancel()
        timer = nil
        guard isCounted else { return }
        isCounted = false
        rejections.leave()
    }
}
