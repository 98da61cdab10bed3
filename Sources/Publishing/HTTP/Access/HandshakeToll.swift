// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands before TLS and counts a handshake when its first byte comes: to connect and say nothing costs nothing, so it
/// must not use up what others need.
final class HandshakeToll: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let admits: () -> Bool
    private var isShut = false

    /// Asks once whether a handshake may begin; where it may not, the connection ends.
    init(_ admits: @escaping () -> Bool) { self.admits = admits }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isShut else { return }
        guard admits() else {
            isShut = true
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
