// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Sampling
import Synchronization
import TestSupport
import Threads
import Vitals

/// A server that does what a test says, byte for byte, and counts its connections.
final class WireServer: Sendable {
    /// What to do next on a connection.
    enum Act: Sendable {
        /// Send bytes.
        case send([UInt8])
        /// Send the same piece again and again, as fast as it is taken.
        case endless([UInt8])
        /// Send one byte at a time, one each 20 ms.
        case drip([UInt8])
        /// Close in order.
        case close
        /// Close with RST.
        case reset
    }

    /// What a connection is to do about its nth request (from 0); the first argument is its own number.
    typealias Script = @Sendable (_ connection: Int, _ request: Int) -> [Act]

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let shared = WireCounts()

    /// Listens on a free port of 127.0.0.1, or on a Unix socket.
    ///
    /// Only the first `tlsConnections` connections speak TLS; `speaksFirst` is sent before anything is read.
    init(
        unix path: String? = nil, tls: NIOSSLContext? = nil, tlsConnections: Int = .max,
        speaksFirst: [UInt8] = [], _ script: @escaping Script
    ) throws {
        let counts = shared
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = counts.accept()
                    channel.closeFuture.whenComplete { _ in counts.end() }
                    if let tls, number < tlsConnections {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        WireActor(number: number, counts: counts, greeting: speaksFirst, script: script))
                }
            }
        channel =
            try path.map { try bootstrap.bind(unixDomainSocketPath: $0).wait() }
            ?? bootstrap.bind(host: "127.0.0.1", port: 0).wait()
    }

    deinit {
        channel.close(promise: nil)
        LoopGroups.retire(group)
    }

    /// The port it listens on.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// How many connections were accepted so far.
    var accepted: Int { shared.accepted }

    /// The requests so far, as text.
    var requests: [String] { shared.requests }

    /// Whether there were connections and all of them are closed, within a minute: a client may be gone before
    /// the server has so much as accepted it.
    func becomesIdle() -> Bool {
        for _ in 0..<6000 {
            if shared.accepted > 0, shared.isIdle { return true }
            _ = shared.idle.value(within: .milliseconds(10))
        }
        return false
    }

    /// Stops listening and closes; the port is then refused.
    func stop() throws { try channel.close().wait() }
}

/// The counts of one server.
final class WireCounts: Sendable {
    private struct State {
        var accepted = 0
        var open = 0
        var requests: [String] = []
        var idle = Awaited<Void>()
    }

    private let state = Mutex(State())

    func accept() -> Int {
        state.withLock { state in
            state.accepted += 1
            state.open += 1
            if state.open == 1 { state.idle = Awaited() }
            return state.accepted - 1
        }
    }

    func end() {
        state.withLock { state in
            state.open -= 1
            if state.open == 0 { state.idle.fulfil(()) }
        }
    }

    func note(_ request: String) { state.withLock { $0.requests.append(request) } }

    var accepted: Int { state.withLock { $0.accepted } }
    var requests: [String] { state.withLock { $0.requests } }
    var idle: Awaited<Void> { state.withLock { $0.idle } }
    var isIdle: Bool { state.withLock { $0.open == 0 } }
}

/// Acts out the script on one connection.
private final class WireActor: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let number: Int
    private let counts: WireCounts
    private let greeting: [UInt8]
    private let script: WireServer.Script
    private var received: [UInt8] = []
    private var request = 0
    private var endless: [UInt8]?

    init(number: Int, counts: WireCounts, greeting: [UInt8], script: @escaping WireServer.Script) {
        self.number = number
        self.greeting = greeting
        self.counts = counts
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        if !greeting.isEmpty { write(greeting, context) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += Array(Self.unwrapInboundIn(data).readableBytesView)
        // A head ends with an empty line; what a body holds does not matter to the scripts. Other protocols are
        // answered line by line.
        guard received.suffix(2) == [13, 10] || received.suffix(1) == [125] else { return }
        if received.starts(with: "GET".utf8), received.suffix(4) != [13, 10, 13, 10] { return }
        counts.note(String(decoding: received, as: UTF8.self))
        received = []
        let acts = script(number, request)
        request += 1
        for act in acts { run(act, context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func run(_ act: WireServer.Act, _ context: ChannelHandlerContext) {
        switch act {
        case .send(let bytes): write(bytes, context)
        case .endless(let bytes):
            endless = bytes
            pour(context)
        case .drip(let bytes): drip(bytes[...], context)
        case .close: context.close(promise: nil)
        case .reset:
            // A linger of zero makes close(2) send RST (socket(7)).
            let channel = context.channel
            (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private func pour(_ context: ChannelHandlerContext) {
        guard let endless else { return }
        while context.channel.isActive, context.channel.isWritable { write(endless, context) }
    }

    private func drip(_ bytes: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        guard let first = bytes.first, context.channel.isActive else { return }
        write([first], context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(20)) {
            bound.value.0.drip(bytes.dropFirst(), bound.value.1)
        }
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(
            Self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}

/// Bytes of answers.
enum WireAnswer {
    /// A complete answer with a length.
    static func ok(_ body: String = "ok", _ headers: String = "") -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// A complete answer of some status.
    static func status(_ code: Int, _ headers: String = "") -> [UInt8] {
        Array("HTTP/1.1 \(code) Whatever\r\n\(headers)Content-Length: 0\r\n\r\n".utf8)
    }

    /// A complete answer with these bytes.
    static func packed(_ body: [UInt8], _ coding: String) -> [UInt8] {
        Array(
            "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
            + body
    }
}
