// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1
import Vitals

/// An answer that goes on. It has no deadline: it lives as long as its reader takes what comes.
extension HTTPConnection {
    /// A reader over TCP that acknowledges or takes nothing for so long is cut by the kernel, in milliseconds
    /// (tcp(7), TCP_USER_TIMEOUT): one that vanished would hold its place for a quarter of an hour.
    private static let silence = SocketOptionValue(60_000)

    /// Sends the head of a stream and begins it.
    func send(_ stream: HTTPStream, route: Int) {
        guard let context, isOpen else { return }
        server.tallies.count(route, HTTPResponseStatus.ok.code)
        let request = head
        head = nil
        let answerHead = HTTPAnswer.head(
            .ok, stream.contentType, version: version(of: request),
            transportSecurity: arrival?.tls?.transportSecurity)
        state = .answering
        context.write(Self.wrapOutboundOut(.head(answerHead)), promise: nil)
        guard request?.method != .HEAD else {
            // No end either: it would be a last chunk, which no client expects behind a head alone.
            let promise = context.eventLoop.makePromise(of: Void.self)
            let me = NIOLoopBound(self, eventLoop: server.loop)
            promise.futureResult.whenComplete { _ in me.value.sent(keepsAlive: false) }
            return context.writeAndFlush(
                Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: promise)
        }
        context.flush()
        if peer != nil {
            let option = ChannelOptions.Types.SocketOption(
                level: .tcp, name: NIOBSDSocket.Option(rawValue: CInt(TCP_USER_TIMEOUT)))
            try? context.channel.syncOptions?.setOption(option, value: Self.silence)
        }
        let writer = StreamWriter(context, server.limits, comment: stream.comment)
        state = .streaming(writer)
        expire(in: server.limits.streamBeat)
        stream.open(writer)
        // Whoever has ended its side by now gets what there is, and the end.
        if gate.inputHasEnded || server.isDraining { endStream() }
    }

    /// Ends a stream behind what was sent.
    func endStream() {
        guard case .streaming(let writer) = state, let context else { return }
        state = .answering
        writer.end()
        expire(in: server.limits.lingerTime)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let me = NIOLoopBound(self, eventLoop: server.loop)
        promise.futureResult.whenComplete { _ in me.value.sent(keepsAlive: false) }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// The reader takes more again.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, case .streaming(let writer) = state { writer.proceed() }
        context.fireChannelWritabilityChanged()
    }
}
