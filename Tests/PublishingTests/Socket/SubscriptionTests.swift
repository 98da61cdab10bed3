// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Publishing

@Suite("subscriptions")
struct SubscriptionTests {
    private func subscribe(_ peer: RawPeer, _ params: String = "{}") throws -> Subscribe.Reply {
        try peer.send(#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":\#(params)}"# + "\n")
        let result = try #require(try peer.value()["result"])
        return try #require(Subscribe.Reply(reading: result))
    }

    @Test("a subscriber gets a snapshot, then every change once, in the exact form")
    func events() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        let reply = try subscribe(peer)
        scene.publish("cache", to: .unhealthy)

        #expect(reply.epoch == "e1" && reply.sequence == 3 && !reply.lost && reply.replay == nil)
        #expect(reply.status?.status == .healthy)
        #expect(reply.checks?.map(\.name) == ["cache", "agent"])
        #expect(reply.topics == ["status", "check"] && reply.unavailable == ["alert", "log"])
        #expect(
            try peer.line()
                == #"{"jsonrpc":"2.0","method":"event","params":{"topic":"check","seq":4,"epoch":"e1","check":"cache","from":"healthy","to":"unhealthy","reason":"timeout.connect","message":"no answer","time":"1970-01-01T00:00:00.000Z"}}"#
        )
    }

    @Test("topics are obeyed; an unknown one is refused, and unsubscribe ends it")
    func topics() throws {
        let scene = try SocketScene()
        let peer = try scene.peer()

        _ = try subscribe(peer, #"{"topics":["status"]}"#)
        scene.publish("cache", to: .unhealthy)
        try peer.send(Subscribe.method.example.replacingTopics + "\n")
        #expect(try peer.value()["error"]?["code"]?.integer == -32602)
        _ = try subscribe(peer, #"{"topics":["check"]}"#)
        scene.publish("agent", to: .degraded)
        #expect(try peer.value()["params"]?["check"]?.string == "agent")
        try peer.send(#"{"jsonrpc":"2.0","id":2,"method":"unsubscribe"}"# + "\n")
        #expect(try peer.line() == #"{"jsonrpc":"2.0","id":2,"result":{"subscribed":true}}"#)
        scene.publish("agent", to: .healthy)
        try peer.send(#"{"jsonrpc":"2.0","id":3,"method":"unsubscribe"}"# + "\n")
        #expect(try peer.line() == #"{"jsonrpc":"2.0","id":3,"result":{"subscribed":false}}"#)
    }

    @Test("a subscriber resumes by since_seq and epoch, without a gap and without a repetition")
    func resume() throws {
        let scene = try SocketScene()
        for level in [Level.degraded, .unhealthy, .healthy] { scene.publish("cache", to: level) }
        let peer = try scene.peer()

        let reply = try subscribe(peer, #"{"since_seq":4,"epoch":"e1"}"#)
        scene.publish("cache", to: .degraded)

        #expect(reply.replay?.map(\.sequence) == [5, 6])
        #expect(reply.replay?.map(\.to) == ["unhealthy", "healthy"])
        #expect(reply.status == nil && !reply.lost)
        #expect(try peer.value()["params"]?["seq"]?.integer == 7)
        let current = try subscribe(try scene.peer(), #"{"since_seq":7}"#)
        #expect(current.replay?.isEmpty == true)
    }

    @Test(
        "what cannot be resumed gets a snapshot and a lost event",
        arguments: [
            (#"{"since_seq":4,"epoch":"other"}"#, nil as Int64?),
            (#"{"since_seq":99,"epoch":"e1"}"#, nil),
            (#"{"since_seq":1,"epoch":"e1"}"#, 5),
        ])
    func lost(params: String, count: Int64?) throws {
        let scene = try SocketScene()
        for level in [Level.degraded, .unhealthy, .healthy] { scene.publish("cache", to: level) }
        let peer = try scene.peer()

        let reply = try subscribe(peer, params)

        #expect(reply.lost && reply.replay == nil && reply.checks?.count == 2)
        let event = try peer.value()
        #expect(event["method"]?.string == "event")
        #expect(event["params"]?["topic"]?.string == "lost")
        #expect(event["params"]?["seq"]?.integer == 6)
        #expect(event["params"]?["count"]?.integer == count)
    }

    @Test(
        "a subscriber that does not read loses events beyond its queue, is told how many, and delays nobody")
    func slowReader() throws {
        let scene = try SocketScene()
        let slow = try scene.peer()
        let quick = try scene.peer()
        _ = try subscribe(slow)
        _ = try subscribe(quick)
        let total = 8000

        for round in 1...total {
            scene.publish("cache", to: round.isMultiple(of: 2) ? .healthy : .degraded)
            let event = try quick.value()
            try #require(event["params"]?["seq"]?.integer == Int64(3 + round))
        }

        var sequence: Int64 = 3
        var told: Int64?
        while told == nil {
            let event = try #require(try slow.value()["params"])
            if event["topic"]?.string == "lost" {
                told = event["count"]?.integer
            } else {
                sequence += 1
                try #require(event["seq"]?.integer == sequence, "no gap before the loss")
            }
        }
        #expect(told == Int64(total) + 3 - sequence)
        #expect(scene.count(SocketFamilies.dropped, ["what": "event", "reason": "slow_reader"]) == told)
        scene.publish("cache", to: .unhealthy)
        #expect(try slow.value()["params"]?["seq"]?.integer == Int64(total) + 4)
    }

    @Test("a subscriber with more than a mebibyte unread is cut off, and nobody else")
    func cut() throws {
        var limits = SocketLimits()
        limits.eventsQueued = 100_000
        limits.unread = 300_000
        let scene = try SocketScene(limits: limits)
        let stuck = try scene.peer()
        let quick = try scene.peer()
        _ = try subscribe(stuck)
        _ = try subscribe(quick)

        for round in 1...8000 {
            scene.publish("cache", to: round.isMultiple(of: 2) ? .healthy : .degraded)
            _ = try quick.line()
        }

        #expect(scene.count(SocketFamilies.dropped, ["what": "connection", "reason": "slow_reader"]) == 1)
        #expect(eventually { scene.count(SocketFamilies.connections, [:]) == 1 })
        #expect(try quick.ask(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)["result"] != nil)
    }

    @Test("a peer that pipelines large answers and reads none is held, not served, and others are")
    func neverReads() throws {
        let scene = try SocketScene()
        let stuck = try scene.peer()
        // Non-blocking: the point is reached where the server does not read any more.
        _ = fcntl(stuck.descriptor, F_SETFL, O_NONBLOCK)
        let burst = String(repeating: Describe.method.call + "\n", count: 500)
        var sent = 0
        var idle = 0
        while sent < 200, idle < 50 {
            do {
                try stuck.send(burst)
                sent += 1
            } catch {
                idle += 1
                _ = poll(nil, 0, 2)
            }
        }

        #expect(sent < 200, "the server read a hundred thousand calls whose answers nobody takes")
        for _ in 0..<100 {
            #expect(try scene.ask(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).isEmpty == false)
        }
    }

    @Test("two hundred subscribers hear the same change")
    func many() throws {
        let scene = try SocketScene()
        let peers = try (0..<200).map { _ in try scene.peer() }
        for peer in peers { _ = try subscribe(peer, #"{"topics":["check"]}"#) }

        scene.publish("agent", to: .degraded)

        let lines = Set(try peers.map { try $0.line() })
        #expect(lines.count == 1)
    }
}

extension String {
    fileprivate var replacingTopics: String {
        #"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topics":["x"]}}"#
    }
}

extension SocketMethod {
    fileprivate var call: String { #"{"jsonrpc":"2.0","id":1,"method":"\#(name)"}"# }
}

extension RawPeer {
    fileprivate func ask(_ line: String) throws -> JSONValue {
        try send(line + "\n")
        return try value()
    }
}
