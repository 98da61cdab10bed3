// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Counts what arrives before an answer's head is complete, and tells when the answer begins. The parser behind it
/// bounds single fields only.
final class HeaderMeter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// Bytes of status line and headers, those of interim answers included.
    static let bound = 64 * 1024

    /// The head is longer than the bound.
    struct Excess: Error {}

    /// The first bytes of an answer are here.
    struct Began {}

    /// Whether a head is awaited; set by whoever sends requests.
    var isCounting = false {
        didSet { if isCounting, !oldValue { count = 0 } }
    }
    private var count = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isCounting else {
            context.fireChannelRead(data)
            return
        }
        let began = count == 0
        count += Self.unwrapInboundIn(data).readableBytes
        if began { context.fireUserInboundEventTriggered(Began()) }
        context.fireChannelRead(data)
        if isCounting, count > Self.bound { context.fireErrorCaught(Excess()) }
    }
}
