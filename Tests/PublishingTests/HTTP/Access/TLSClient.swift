// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import TestSupport

/// A client that keeps one connection over TLS and asks on it again and again.
final class TLSClient: Sendable {
    struct Failure: Error { let what: String }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    /// The server's certificate.
    let certificate: NIOSSLCertificate?

    init(port: Int, authority: String) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(authority)
        let context = try NIOSSLContext(configuration: configuration)
        let made = group.next().makePromise(of: Void.self)
        let channel = try ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers(
                    NIOSSLClientHandler(context: context, serverHostname: "localhost"), Reader(made))
            }
        }.connect(host: "127.0.0.1", port: port).wait()
        self.channel = channel
        try made.futureResult.wait()
        certificate = try channel.nioSSL_peerCertificate().wait()
    }

    deinit {
        channel.close(promise: nil)
        LoopGroups.retire(group)
    }

    /// Asks; gives the status.
    func get(_ target: String) throws -> Int {
        let answer = group.next().makePromise(of: Int.self)
        let bytes = ByteBuffer(string: "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let channel = channel
        return try group.next().flatSubmit {
            do {
                try channel.pipeline.syncOperations.handler(type: Reader.self).expect(answer)
            } catch {
                answer.fail(error)
            }
            channel.writeAndFlush(bytes).whenFailure { answer.fail($0) }
            return answer.futureResult
        }.wait()
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var made: EventLoopPromise<Void>?
        private var answer: EventLoopPromise<Int>?

        init(_ made: EventLoopPromise<Void>) { self.made = made }

        func expect(_ answer: EventLoopPromise<Int>) { self.answer = answer }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case TLSUserEvent.handshakeCompleted = event else { return }
            made?.succeed()
            made = nil
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            answer?.succeed(text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
            answer = nil
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { end(error) }

        func channelInactive(context: ChannelHandlerContext) { end(Failure(what: "the server hung up")) }

        private func end(_ error: any Error) {
            made?.fail(error)
            answer?.fail(error)
            (made, answer) = (nil, nil)
        }
    }
}
