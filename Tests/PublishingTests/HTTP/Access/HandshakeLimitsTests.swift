// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Publishing

@Suite("How many handshakes are made")
struct HandshakeLimitsTests {
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
