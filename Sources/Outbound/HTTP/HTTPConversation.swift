// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOSSL

/// One connection that speaks HTTP/1.1: sends one request at a time and tells its listener what comes back.
/// Whatever comes unasked ends the connection. Confined to the event loop.
final class HTTPConversation: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What comes back.
    enum Event {
        /// The answer begins.
        case began
        /// Status and headers.
        case head(HTTPResponseHead)
        /// A piece of the body, still packed.
        case body([UInt8])
        /// The answer is complete.
        case end
        /// The connection is no longer of use.
        case failed(any Error)
    }

    /// Whoever waits for an answer; nil while the connection idles.
    private var listener: ((Event) -> Void)?
    private let meter: HeaderMeter
    private var context: ChannelHandlerContext?

    private init(meter: HeaderMeter) { self.meter = meter }

    /// Builds the pipeline of a connection.
    static func install(on channel: any Channel) throws -> HTTPConversation {
        let meter = HeaderMeter()
        let conversation = HTTPConversation(meter: meter)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = HeaderMeter.bound
        limits.maxHeaderListSize = HeaderMeter.bound
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        let operations = channel.pipeline.syncOperations
        try operations.addHandlers([
            meter, HTTPRequestEncoder(), ByteToMessageHandler(decoder), conversation,
        ])
        return conversation
    }

    /// Whether a request can be sent now.
    var isFree: Bool { listener == nil && context?.channel.isActive == true }

    /// Sends a request; `listener` hears what comes back until `end` or `failed`, or until it hangs up.
    func send(_ head: HTTPRequestHead, body: [UInt8], listener: @escaping (Event) -> Void) {
        guard let context else {
            listener(.failed(ChannelError.ioOnClosedChannel))
            return
        }
        self.listener = listener
        meter.isCounting = true
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty {
            context.write(
                Self.wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))),
                promise: nil)
        }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Ends the connection at once; nobody hears of it.
    func hangUp() {
        listener = nil
        context?.channel.cut()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is HeaderMeter.Began { listener?(.began) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let listener else {
            context.channel.cut()
            return
        }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            meter.isCounting = false
            // The status line and each header as they were on the wire: name, colon, blank, value, CR, LF.
            let size = head.headers.reduce(32) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
            guard size <= HeaderMeter.bound else {
                fail(HeaderMeter.Excess())
                return
            }
            listener(.head(head))
        case .body(let buffer): listener(.body(Array(buffer.readableBytesView)))
        case .end:
            self.listener = nil
            listener(.end)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Many servers close without TLS's good-bye. What was promised by length or chunks is checked by the
        // parser; for the rest the end of the connection is the end of the answer.
        if case NIOSSLError.uncleanShutdown = error { return }
        fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error) {
        let listener = listener
        self.listener = nil
        context?.channel.cut()
        listener?(.failed(error))
    }
}
