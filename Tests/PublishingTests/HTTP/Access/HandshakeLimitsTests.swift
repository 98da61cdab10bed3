// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("How many handshakes are made")
struct HandshakeLimitsTests {
    @Test(
        "handshakes that no good request follows make others of the machine wait, not lose",
        arguments: ["127.0.0.1", "::1", "192.0.2.1", "2001:db8::1"])
    func handshakes(_ machine: String) throws {
        let door = try Door()
        // Slow enough for those of all machines together.
        func handshake() throws -> Duration? {
            door.clock.advance(by: .milliseconds(2))
            return try door.handshake(from: machine)
        }
        for _ in 0..<5000 {
            #expect(try handshake() == .zero, "good ones cost nothing")
            door.settle(from: machine)
        }
        var wait = Duration.zero
        for _ in 0..<3000 where wait == .zero { wait = try #require(try handshake()) }

        #expect(wait > .zero && wait < HandshakeLimits.patience)
        #expect(
            try door.ask([("Authorization", "x")], from: machine).status == 401, "requests are not concerned")
        #expect(try door.handshake(from: "192.0.2.99") == .zero, "nor are other machines")
        door.clock.advance(by: .seconds(20))
        #expect(try handshake() == .zero)
    }

    @Test("handshakes of all machines together leave the event loop time for others")
    func allHandshakes() throws {
        let door = try Door()

        let waits = try (0..<200).map { try door.handshake(from: "192.0.2.\($0)") }

        #expect(waits[..<16].allSatisfy { $0 == .zero })
        #expect(waits[199] == .milliseconds(230), "800 a second")
    }

    @Test(
        "clients that leave before their turn use up nobody's turns, however many they are",
        arguments: ["127.0.0.1", "192.0.2.1", "2001:db8::1"])
    func leavers(_ machine: String) throws {
        let door = try Door()
        for _ in 0..<10_000 {
            let wait = try door.handshake(from: machine)
            #expect(wait != nil)
            if wait != .zero { door.leave(from: machine) }
        }

        for other in ["192.0.2.99", "127.0.0.1", machine] {
            let wait = try #require(try door.handshake(from: other))
            #expect(wait < .milliseconds(20), "\(other)")
        }
    }

    @Test("handshakes of many strangers keep neither this machine out nor those that logged in before")
    func strangers() throws {
        let door = try Door { $0.logins.tokens = [Secret("token")] }
        let friends = ["192.0.2.1", "2001:db8:1:2::1"]
        for friend in friends {
            #expect(try door.ask([("Authorization", "Bearer token")], from: friend).status == 200)
        }
        var refused = 0
        for number in 0..<4000 {
            let stranger = "10.0.\(number / 250).\(number % 250)"
            if try door.handshake(from: stranger) == nil { refused += 1 }
        }
        #expect(refused > 0)

        for friend in friends + ["127.0.0.1", "::1"] {
            #expect(try door.handshake(from: friend) == .zero, "\(friend)")
        }
        // What is reserved is bounded as well.
        let waits = try (0..<100).map { _ in try door.handshake(from: "192.0.2.1") }
        #expect(waits.last == .milliseconds(20 * (100 + 2 - 16)))
    }

    @Test("a handshake is given back as it was counted: good clients use up nothing of their network")
    func networkHandshakes() throws {
        let door = try Door {
            $0.logins.tokens = [Secret("token")]
            $0.limits.requestsPerSecond = 1
            $0.limits.burst = 2
        }
        // A /56 has as many as four machines.
        for number in 0..<8 {
            let machine = "2001:db8:1:\(number)::1"
            #expect(try door.handshake(from: machine) == .zero)
            #expect(try door.ask([("Authorization", "Bearer token")], from: machine).status == 200)
            door.settle(from: machine)
        }

        #expect(try door.handshake(from: "2001:db8:1:9::1") == .zero)
    }

    @Test("what old rules counted is not given back to new ones")
    func replacedRules() throws {
        let door = try Door()
        func change(_ access: inout HTTPAccess) {
            access.limits.requestsPerSecond = 1
            access.limits.burst = 1
        }
        try door.replace(change)
        #expect(try door.handshake(from: "192.0.2.1") == .zero)
        try door.replace(change)
        let before = try (0..<2).map { _ in try door.handshake(from: "192.0.2.1") }
        #expect(before == [.zero, .seconds(1)])

        door.settle(from: "192.0.2.1")

        #expect(try door.handshake(from: "192.0.2.1") == .seconds(2), "both still count")
    }
}
