// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("Redis: what a threshold needs and does not come")
struct RedisGapTests {
    /// What the server does with INFO; nil for answering it.
    private final class Scene: Sendable {
        private let state = Mutex<[WireServer.Act]?>(nil)

        var acts: [WireServer.Act]? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    private static func bulk(_ text: String) -> WireServer.Act {
        .send(Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8))
    }

    private static func server(_ scene: Scene, info: String) throws -> WireServer {
        try RedisExtraTests.server { _, command in
            command.hasPrefix("INFO") ? scene.acts ?? [bulk(info)] : nil
        }
    }

    private static let master = "role:master\r\nused_memory:5\r\n"
    private static let full = "role:master\r\nused_memory:5\r\nmaxmemory:5\r\nmaxmemory_policy:noeviction\r\n"

    @Test("INFO that is late or cut off once is neither a failure nor a pass, and asked for again at once")
    func cutShort() async throws {
        let cuts: [(acts: [WireServer.Act], words: String)] = [
            ([], "no answer in time"), ([.close], "the connection was closed"),
            ([.send(Array("-BUSY a script\r\n".utf8))], "the server cannot answer now"),
        ]
        for (acts, words) in cuts {
            let scene = Scene()
            let server = try Self.server(scene, info: Self.master)
            let timeout: Duration = acts.isEmpty ? .seconds(1) : .seconds(10)
            let url = "redis://127.0.0.1:\(server.port)"
            let good = try RedisTrial(url, #", "role": "primary""#, timeout: timeout)
            let bad = try RedisTrial(url, #", "role": "replica""#, timeout: timeout)

            let before = [await good.attempt(), await bad.attempt()]
            scene.acts = acts
            // The connection is kept, where what ends it may have another reason: then a new one is asked.
            let during = [await good.attempt(), await bad.attempt()]
            scene.acts = nil
            let after = [await good.attempt(), await bad.attempt()]

            for results in [before, after] {
                #expect(results[0].outcome == .pass)
                #expect(results[1].reason == "role.mismatch")
            }
            for result in during {
                #expect(result.outcome == .unknown, "\(result.message)")
                #expect(result.reason == "inconclusive.partial")
                #expect(result.message.hasSuffix("answers, but not INFO (\(words)), which the check needs"))
                #expect(result.value("redis_up") == 1)
                #expect(!result.everything.contains("role.unknown"))
            }
            withExtendedLifetime(server) {}
        }
    }

    @Test("a warning is not healed by an INFO that does not come, and a check without thresholds needs none")
    func warnings() async throws {
        let scene = Scene()
        let server = try Self.server(scene, info: Self.full)
        let url = "redis://127.0.0.1:\(server.port)"
        let trial = try RedisTrial(url)
        let newcomer = try RedisTrial(url)

        let before = await trial.attempt()
        scene.acts = [.close]
        let during = await trial.attempt()
        let unworried = await newcomer.attempt()
        scene.acts = nil
        let after = await trial.attempt()
        let late = await newcomer.attempt()

        #expect(before.reason == "oom")
        #expect(during.outcome == .unknown)
        #expect(during.reason == "inconclusive.partial")
        #expect(unworried.outcome == .pass)
        #expect(after.reason == "oom")
        // It was hung up on once: it asks again at the next attempt, not after ten minutes.
        #expect(late.reason == "oom")
        withExtendedLifetime(server) {}
    }

    @Test("a slow server is asked for INFO at every attempt where the role is needed")
    func slow() async throws {
        let scene = Scene()
        scene.acts = []
        let server = try Self.server(scene, info: Self.master)
        let trial = try RedisTrial(
            "redis://127.0.0.1:\(server.port)", #", "role": "primary""#, timeout: .seconds(1))

        let slow = [await trial.attempt(), await trial.attempt()]
        scene.acts = nil
        let quick = await trial.attempt()

        #expect(slow.allSatisfy { $0.reason == "inconclusive.partial" }, "\(slow.map(\.message))")
        #expect(quick.outcome == .pass)
        withExtendedLifetime(server) {}
    }

    @Test("a connection that is closed at the command, behind PONG, is not closed because of PING")
    func command() async throws {
        let server = try RedisExtraTests.server { _, command in
            command == "PING"
                ? [.send(Array("+PONG\r\n".utf8))] : command == "INCR n" ? [.send([]), .close] : nil
        }
        let trial = try RedisTrial("redis://127.0.0.1:\(server.port)", #", "command": "INCR n""#)

        let result = await trial.attempt()

        #expect(result.reason == "closed")
        #expect(result.fact("refused") == nil)
        #expect(result.remarks == [])
        // Twice would count twice.
        #expect(server.requests.count { $0.contains("INCR") } == 1)
        #expect(server.accepted == 1)
    }

    @Test(
        "a reload of thresholds alone keeps the refusals and the addresses; other credentials may be let do more"
    )
    func reload() async throws {
        let server = try RedisExtraTests.server { _, command in
            command.hasPrefix("CLIENT") ? [.send(Array("-NOPERM no\r\n".utf8))] : nil
        }
        let names = FlakyNames()
        let url = "redis://db.example:\(server.port)"
        let trial = try RedisTrial(url, lookup: names.lookup)

        let first = await trial.attempt()
        names.isBroken.store(true, ordering: .sequentiallyConsistent)
        let reloaded = try RedisTrial(trial, url, #", "warnLatency": "1h""#)
        let second = await reloaded.attempt()
        let other = try RedisTrial(
            reloaded, url, #", "passwordFile": "/secret""#, secrets: ["/secret": "hunter2"])
        let third = await other.attempt()

        #expect(first.remarks.count == 1)
        #expect(second.outcome == .pass, "\(second.message)")
        #expect(second.reason == "dns.failed")
        #expect(second.remarks == [], "it is not told again")
        #expect(second.fact("refused") == .text("CLIENT SETNAME (NOPERM)"))
        #expect(third.remarks.count == 1)
        #expect(server.requests.count { $0.contains("SETNAME") } == 2)
    }

    @Test("PING is called refused only where the command was answered without it")
    func unanswered() async throws {
        let server = try RedisExtraTests.server { connection, command in
            command == "PING" ? [.close] : command.hasPrefix("GET") ? [] : nil
        }
        let trial = try RedisTrial(
            "redis://127.0.0.1:\(server.port)", #", "command": "GET a""#, timeout: .seconds(1))

        let results = [await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.outcome == .fail }, "\(results.map(\.message))")
        #expect(results.allSatisfy { $0.fact("refused") == nil && $0.remarks == [] })
        #expect(server.requests.count { $0.contains("PING") } == 2)
    }
}
