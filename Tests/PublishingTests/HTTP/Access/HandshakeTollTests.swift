// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import Publishing

@Suite("What a handshake costs")
struct HandshakeTollTests {
    /// How often was asked, and what is answered.
    private final class Desk {
        var asked = 0
        var isOpen = true
    }

    private let desk = Desk()

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            HandshakeToll { [desk] in
                desk.asked += 1
                return desk.isOpen
            })
        return channel
    }

    @Test("to connect costs nothing, the first byte is paid once, and all of them come through")
    func paid() throws {
        let channel = try channel()
        #expect(desk.asked == 0)

        for text in ["a", "b"] { try channel.writeInbound(ByteBuffer(string: text)) }

        #expect(desk.asked == 1)
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "a"))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "b"))
    }

    @Test("a handshake that is not admitted never reaches TLS")
    func refused() throws {
        let channel = try channel()
        desk.isOpen = false

        try channel.writeInbound(ByteBuffer(string: "a"))

        #expect(desk.asked == 1)
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
    }
}
