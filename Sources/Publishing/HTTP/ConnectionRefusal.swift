// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The whole pipeline of a connection beyond the limit: one sentence, then the end.
///
/// It does not linger: a flood of connections must not hold descriptors.
final class ConnectionRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let answer = ByteBuffer(
        string: """
            HTTP/1.1 503 Service Unavailable\r
            Content-Type: text/plain; charset=utf-8\r
            Content-Length: 33\r
            Retry-After: 1\r
            Connection: close\r
            \r
            503: too many connections. Later\n
            """)

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(Self.answer)).whenComplete { _ in channel.close(promise: nil) }
    }
}
