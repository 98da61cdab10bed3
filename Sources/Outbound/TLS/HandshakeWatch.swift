// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind the TLS handler and tells, once, how the handshake ended.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private var tell: ((Result<Void, any Error>) -> Void)?

    init(_ tell: @escaping (Result<Void, any Error>) -> Void) { self.tell = tell }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { say(.success(())) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        say(.failure(error))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        say(.failure(NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake]))))
        context.fireChannelInactive()
    }

    private func say(_ result: Result<Void, any Error>) {
        let tell = tell
        self.tell = nil
        tell?(result)
    }
}
