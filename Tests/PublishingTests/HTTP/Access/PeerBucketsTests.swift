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

    @Test("a token can be taken ahead of time and be given back")
    func booked() throws {
        var buckets = PeerBuckets(burst: 2, interval: .seconds(1))
        let peer = try Self.peer("2001:db8::1")
        func book() -> Duration? { buckets.book(peer, at: at(10), within: .seconds(2)) }

        #expect([book(), book(), book(), book(), book()] == [.zero, .zero, .seconds(1), .seconds(2), nil])
        buckets.giveBack(peer)
        #expect([book(), book()] == [.seconds(2), nil])
        for _ in 0..<4 { buckets.giveBack(peer) }
        #expect(book() == .zero)
        let other = try Self.peer("192.0.2.7")
        buckets.giveBack(other)
        #expect(buckets.wait(other, at: at(10)) == nil)
    }

    @Test("one machine's use is not another's")
    func separate() throws {
        var buckets = PeerBuckets(burst: 1, interval: .seconds(1))

        #expect(buckets.take(try Self.peer("192.0.2.1"), at: at(1)))
        #expect(!buckets.take(try Self.peer("192.0.2.1"), at: at(1)))
        #expect(buckets.take(try Self.peer("192.0.2.2"), at: at(1)))
    }

    @Test(
        "memory is bounded: beyond so many machines a bucket that is nearly full is forgotten, none is shared"
    )
    func bounded() throws {
        var buckets = PeerBuckets(burst: 2, interval: .seconds(10))
        func many(_ number: Int) throws -> PeerAddress {
            try Self.peer("10.0.\(number / 256).\(number % 256)")
        }
        for number in 0..<PeerBuckets.capacity {
            for _ in 0..<(number % 16 == 5 ? 1 : 2) {
                #expect(buckets.take(try many(number), at: at(50)))
            }
        }

        for number in 0..<100 {
            let other = try Self.peer("192.0.2.\(number)")
            let taken = (0..<3).count { _ in buckets.take(other, at: at(51)) }
            #expect(taken == 2)
        }

        #expect(buckets.count == PeerBuckets.capacity)
        for number in 0..<PeerBuckets.capacity where number % 16 != 5 {
            #expect(
                buckets.wait(try many(number), at: at(51)) != nil, "those that are empty are not forgotten")
        }
    }

    @Test("networks of one site share larger buckets, and whoever is known is not concerned")
    func networks() throws {
        var buckets = PeerBuckets(burst: 10, interval: .seconds(10))
        func taken(_ network: (Int) -> String) throws -> Int {
            try (0..<3000).count { buckets.take(try Self.peer(network($0)), at: at(50)) }
        }
        func text(_ number: Int) -> String { String(number, radix: 16) }

        #expect(try taken { "2001:db8:1:\(text($0 % 256))::1" } == 40, "a /56 has four times as many")
        #expect(try taken { "2001:db8:2:\(text($0))::1" } == 160, "a /48 sixteen times")
        let site = try Self.peer("2001:db8:2:ffff::1")
        #expect(buckets.wait(site, at: at(50)) == .milliseconds(625))
        #expect(buckets.wait(site, isKnown: true, at: at(50)) == nil)
        #expect(buckets.wait(try Self.peer("2001:db8:3::1"), at: at(50)) == nil)
        #expect(try taken { "192.0.2.\($0 % 100)" } == 1000, "of IPv4 every address is a machine")
    }

    @Test("connections are counted by machine, this one by whatever address, and none is forgotten")
    func connections() throws {
        var counts = PeerCounts()
        let (one, other, here) = try (Self.peer("192.0.2.1"), Self.peer("192.0.2.2"), Self.peer("127.0.0.1"))
        for peer in [one, other, one, here, try Self.peer("::1"), try Self.peer("127.9.9.9")] {
            counts.enter(peer)
        }

        #expect(counts.count(one) == 2)
        #expect(counts.count(other) == 1)
        #expect(counts.count(here) == 3)
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
