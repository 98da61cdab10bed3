// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import Publishing

@Suite("What a handshake costs")
struct HandshakeTollTests {
    /// How often was asked, what is answered, and who left.
    private final class Desk {
        var asked = 0
        var left = 0
        var wait: Duration? = .zero
    }

    private let desk = Desk()

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            HandshakeToll(
                admit: { [desk] in
                    desk.asked += 1
                    return desk.wait
                }, leave: { [desk] in desk.left += 1 }))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    @Test("to connect costs nothing, the first byte is counted once, and all of them come through")
    func counted() throws {
        let channel = try channel()
        #expect(desk.asked == 0)

        for text in ["a", "b"] { try channel.writeInbound(ByteBuffer(string: text)) }

        #expect(desk.asked == 1)
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "a"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "b"))
        try channel.close().wait()
        #expect(desk.left == 0)
    }

    @Test("a handshake that is not admitted never reaches TLS")
    func refused() throws {
        let channel = try channel()
        desk.wait = nil

        try channel.writeInbound(ByteBuffer(string: "a"))

        #expect(desk.asked == 1)
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        #expect(!channel.isActive)
    }

    @Test("a handshake beyond the rate waits for its turn, and nothing of it is lost")
    func waits() throws {
        let channel = try channel()
        desk.wait = .milliseconds(30)

        for text in ["a", "b"] { try channel.writeInbound(ByteBuffer(string: text)) }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(29))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)

        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        try channel.writeInbound(ByteBuffer(string: "c"))

        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "ab"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "c"))
        #expect(desk.asked == 1 && desk.left == 0)
    }

    @Test("a client that leaves before its turn gives it back")
    func leaves() throws {
        let channel = try channel()
        desk.wait = .seconds(1)
        try channel.writeInbound(ByteBuffer(string: "a"))

        try channel.close().wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))

        #expect(desk.left == 1)
    }

    @Test("a client that sends on and on while it waits is cut")
    func talks() throws {
        let channel = try channel()
        desk.wait = .seconds(1)

        for _ in 0..<3 { _ = try? channel.writeInbound(ByteBuffer(repeating: 0, count: 40_000)) }

        #expect(!channel.isActive)
    }
}
