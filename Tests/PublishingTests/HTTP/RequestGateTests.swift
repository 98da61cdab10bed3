// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import Publishing

@Suite("The gate before the HTTP decoder")
struct RequestGateTests {
    /// Stands in the decoder's place and answers every head at once.
    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let gate: RequestGate
        private let name: String
        private let log: Log

        init(_ gate: RequestGate, _ name: String, _ log: Log) {
            self.gate = gate
            self.name = name
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            log.names += name
            gate.answered()
        }
    }

    /// Whose heads were let through, in their order.
    private final class Log { var names = "" }

    private static let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private let loop = EmbeddedEventLoop()
    private let log = Log()

    private func channel(_ name: String, _ turnstile: Turnstile) throws -> EmbeddedChannel {
        let gate = RequestGate(headBytes: 1000, turnstile)
        let channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandlers(gate, Answerer(gate, name, log))
        return channel
    }

    private func send(_ text: String, _ channel: EmbeddedChannel) throws {
        try channel.writeInbound(ByteBuffer(string: text))
    }

    @Test("of one read, one head is let through at once, the others in turns of so many")
    func turns() throws {
        let channel = try channel("a", Turnstile(loop))

        try send(String(repeating: Self.head, count: 100), channel)
        #expect(log.names.count == 1)
        var counts: [Int] = []
        for _ in 0..<4 {
            loop.advanceTime(by: Turnstile.pause)
            counts.append(log.names.count)
        }

        #expect(counts == [33, 65, 97, 100])
        for count in 101...103 {
            try send(Self.head, channel)
            loop.advanceTime(by: Turnstile.pause)
            #expect(log.names.count == count)
        }
    }

    @Test("a turn is shared by all connections, one head of each after the other")
    func shared() throws {
        let turnstile = Turnstile(loop)
        let channels = try ["a", "b", "c"].map { try channel($0, turnstile) }
        for channel in channels { try send(String(repeating: Self.head, count: 50), channel) }
        #expect(log.names == "abc")

        loop.advanceTime(by: Turnstile.pause)

        #expect(log.names.count == 3 + Turnstile.width)
        #expect(log.names.hasPrefix("abcabcabcabc"))
    }

    @Test("a connection that ends while it waits for its turn is passed over")
    func gone() throws {
        let turnstile = Turnstile(loop)
        let (gone, other) = (try channel("a", turnstile), try channel("b", turnstile))
        try send(Self.head + Self.head, gone)
        try send(Self.head + Self.head, other)

        try gone.close().wait()
        loop.advanceTime(by: Turnstile.pause)

        #expect(log.names == "abb")
    }

    @Test("what was sent is given back, also where reads always end within a head")
    func memory() throws {
        let gate = RequestGate(headBytes: 65_536, Turnstile(loop))
        let channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandlers(gate, Answerer(gate, "a", log))
        let head = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n"
        // Half a head, and then always the rest of one with half of the next.
        let (first, rest) = (String(head.prefix(10_000)), String(head.dropFirst(10_000)))

        try send(first, channel)
        for _ in 0..<500 {
            try send(rest + first, channel)
            loop.advanceTime(by: Turnstile.pause)
        }

        #expect(log.names.count == 500)
        #expect(gate.kept <= RequestGate.mostKept)
    }

    @Test("a client that ends its side is answered whatever it asked, and then it is closed")
    func halfClosed() throws {
        let channel = try channel("a", Turnstile(loop))

        try send(String(repeating: Self.head, count: 20) + "GET / HT", channel)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        let closed = Atomic<Bool>(false)
        channel.closeFuture.whenComplete { _ in closed.store(true, ordering: .relaxed) }
        #expect(log.names == "a" && !closed.load(ordering: .relaxed))
        loop.advanceTime(by: Turnstile.pause)

        #expect(log.names.count == 20 && closed.load(ordering: .relaxed))
    }

    @Test("whoever pipelines thousands of requests lets others in between")
    func fair() throws {
        /// Holds the loop at the first request of the flood, and notes how many of it came before another's.
        final class Counter: RequestRule {
            let gate = Gate()
            let flood = Atomic<Int>(0)
            let before = Atomic<Int>(-1)

            func refusal(of request: HTTPRequestHead) -> HTTPAnswer? {
                guard request.headers.first(name: "host") == "flood" else {
                    before.store(flood.load(ordering: .relaxed), ordering: .relaxed)
                    return nil
                }
                flood.wrappingAdd(1, ordering: .relaxed)
                gate.wait()
                return nil
            }
        }
        let counter = Counter()
        let house = try House(rules: [counter])
        let (flood, other) = (try house.client(), try house.client())
        #expect(house.reaches { house.server.connections == 2 })
        flood.send(String(repeating: "GET /livez HTTP/1.1\r\nHost: flood\r\n\r\n", count: 1000))
        other.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        counter.gate.open()

        #expect(try other.answer().status == 200)
        #expect((0...2 * Turnstile.width).contains(counter.before.load(ordering: .relaxed)))
        for _ in 0..<1000 { #expect(try flood.answer().status == 200) }
    }
}
