// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import Vitals

@testable import Publishing

@Suite("Token buckets of other machines")
struct PeerBucketsTests {
    private static func peer(_ text: String) throws -> PeerAddress {
        try #require(PeerAddress(SocketAddress(ipAddress: text, port: 1)))
    }

    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    @Test("so many at once, then one each interval, and after a rest so many again")
    func refills() throws {
        var buckets = PeerBuckets(burst: 3, interval: .seconds(2))
        let peer = try Self.peer("192.0.2.1")
        func taken(_ count: Int, at seconds: Double) -> Int {
            (0..<count).count { _ in buckets.take(peer, at: at(seconds)) }
        }

        #expect(taken(5, at: 100) == 3)
        #expect(buckets.wait(peer, at: at(100)) == .seconds(2))
        #expect(taken(5, at: 101.9) == 0)
        #expect(taken(5, at: 102) == 1)
        #expect(taken(5, at: 105.9) == 1)
        #expect(taken(5, at: 1000) == 3)
    }

    @Test("one machine's use is not another's")
    func separate() throws {
        var buckets = PeerBuckets(burst: 1, interval: .seconds(1))

        #expect(buckets.take(try Self.peer("192.0.2.1"), at: at(1)))
        #expect(!buckets.take(try Self.peer("192.0.2.1"), at: at(1)))
        #expect(buckets.take(try Self.peer("192.0.2.2"), at: at(1)))
    }

    @Test("memory is bounded: beyond so many machines the others share a bucket until some have rested")
    func bounded() throws {
        var buckets = PeerBuckets(burst: 1, interval: .seconds(10))
        for number in 0..<PeerBuckets.capacity {
            #expect(buckets.take(try Self.peer("10.0.\(number / 256).\(number % 256)"), at: at(50)))
        }

        #expect(buckets.take(try Self.peer("192.0.2.1"), at: at(51)))
        #expect(!buckets.take(try Self.peer("192.0.2.2"), at: at(51)))
        #expect(!buckets.take(try Self.peer("10.0.0.1"), at: at(51)), "who is known keeps the own one")
        #expect(buckets.count == PeerBuckets.capacity)

        #expect(buckets.take(try Self.peer("192.0.2.3"), at: at(70)))
        #expect(buckets.count == 1, "those that have rested are forgotten")
    }

    @Test("connections are counted by machine, this one by whatever address, and none is forgotten")
    func connections() throws {
        var counts = PeerCounts()
        let (one, other, here) = try (Self.peer("192.0.2.1"), Self.peer("192.0.2.2"), Self.peer("127.0.0.1"))
        for peer in [one, other, one, here, try Self.peer("::1"), try Self.peer("127.9.9.9")] {
            counts.enter(peer)
        }

        #expect([one, other, here].map(counts.count) == [2, 1, 3])
        counts.leave(one)
        #expect(counts.count(one) == 1)
        for peer in [one, one, other, here, here, try Self.peer("127.0.0.2"), one] { counts.leave(peer) }
        #expect(counts.machines == 0)
    }

    @Test("of IPv6 a network is one machine, and mapped IPv4 is IPv4")
    func addresses() throws {
        #expect(try Self.peer("2001:db8:1:2::1") == Self.peer("2001:db8:1:2:ffff::9"))
        #expect(try Self.peer("2001:db8:1:2::1") != Self.peer("2001:db8:1:3::1"))
        #expect(try Self.peer("::ffff:192.0.2.1") == Self.peer("192.0.2.1"))
        for text in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"] {
            #expect(try Self.peer(text).isLoopback, "\(text)")
        }
        for text in ["128.0.0.1", "::2", "::", "0.0.0.0", "fe80::1", "::ffff:10.0.0.1", "1::1"] {
            #expect(try !Self.peer(text).isLoopback, "\(text)")
        }
        #expect(PeerAddress(try SocketAddress(unixDomainSocketPath: "/x")) == nil)
    }
}
