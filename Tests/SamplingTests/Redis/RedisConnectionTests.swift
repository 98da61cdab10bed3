// SPDX-License-Identifier: Apache-2.0

import Outbound
import Testing
import Threads
import Vitals

@testable import Sampling

@Suite("Redis: its connection")
struct RedisConnectionTests {
    /// To the first question on a connection, which is PING alone.
    private static let pong = Array("+PONG\r\n".utf8)
    /// To what is asked for once PING is answered.
    private static let extras = Array("+OK\r\n$4\r\nrole\r\n$6\r\nmemory\r\n".utf8)
    private static let endless = [
        WireServer.Act.send(Array("$9999999\r\n".utf8)), .endless([UInt8](repeating: 0x78, count: 4096)),
    ]
    private static let answer = Array("+PONG\r\n$4\r\nrole\r\n$6\r\nmemory\r\n".utf8)

    /// A server that is content with everybody but for what `script` does about the nth request of a connection.
    private func server(_ script: @escaping WireServer.Script = { _, _ in [] }) throws -> WireServer {
        try WireServer { connection, request in
            let acts = script(connection, request)
            if !acts.isEmpty { return acts }
            return [.send(request == 0 ? Self.pong : request == 1 ? Self.extras : Self.answer)]
        }
    }

    private func trial(_ server: WireServer, timeout: Duration = .seconds(10)) throws -> RedisTrial {
        try RedisTrial("redis://127.0.0.1:\(server.port)", timeout: timeout)
    }

    @Test("one question and one connection serve many attempts, the next one comes after a minute")
    func kept() async throws {
        let server = try server()
        let trial = try trial(server)

        for _ in 0..<3 { #expect(await trial.attempt().outcome == .pass) }
        let early = server.accepted
        trial.time.advance(by: .seconds(60))
        let late = await trial.attempt()

        #expect(early == 1)
        #expect(server.accepted == 2)
        #expect(late.outcome == .pass)
        // Two requests on a new connection, and one an attempt from then on.
        let ping = "*1\r\n$4\r\nPING\r\n"
        let name = "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$6\r\nvitald\r\n"
        let info =
            "*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n*2\r\n$4\r\nINFO\r\n$6\r\nmemory\r\n"
        #expect(server.requests == [ping, name + info, ping + info, ping + info, ping, name + info])
    }

    @Test(
        "bytes that nobody asked for end the connection, with the answer or after it",
        arguments: [
            [WireServer.Act.send(extras + Array("+MORE\r\n".utf8))],
            [.send(extras), .drip(Array("+MORE\r\n".utf8))],
        ])
    func unasked(_ acts: [WireServer.Act]) async throws {
        let server = try server { $0 == 0 && $1 == 1 ? acts : [] }
        let trial = try trial(server)

        let first = await trial.attempt()
        let ended = try await Workbench.aside { server.becomesIdle() }
        let second = await trial.attempt()

        #expect(first.outcome == .pass)
        #expect(ended)
        #expect(second.outcome == .pass)
        #expect(server.accepted == 2)
    }

    @Test("a kept connection that ended is no failure, whether while idle or at the question")
    func ended() async throws {
        let idle = try server { $0 == 0 && $1 == 1 ? [.send(Self.extras), .close] : [] }
        let asked = try server { $0 == 0 && $1 == 2 ? [.close] : [] }
        let half = try server { $0 == 0 && $1 == 2 ? [.send(Array("+PONG\r\n".utf8)), .reset] : [] }

        for server in [idle, asked, half] {
            let trial = try trial(server)
            let first = await trial.attempt()
            let second = await trial.attempt()

            #expect(first.outcome == .pass)
            #expect(second.outcome == .pass)
            #expect(second.phases.map(\.phase) == [.resolve, .connect, .processing])
            #expect(server.accepted == 2)
        }
    }

    @Test("a new connection that ends at the question is a failure, and is not kept")
    func endedAnew() async throws {
        let closing = try server { $1 == 0 ? [.close] : [] }
        let resetting = try server { $1 == 0 ? [.reset] : [] }

        let closed = try await trial(closing).attempt()
        let reset = try await trial(resetting).attempt()

        #expect(closed.reason == "closed")
        #expect(closed.message.hasSuffix("closed the connection without a word, waiting for the answer"))
        #expect(reset.reason == "reset")
        #expect(try await Workbench.aside { closing.becomesIdle() && resetting.becomesIdle() })
    }

    @Test("an answer may come byte by byte")
    func drip() async throws {
        let server = try server { [.drip($1 == 0 ? Self.pong : Self.extras)] }

        let result = try await trial(server).attempt()

        #expect(result.outcome == .pass)
    }

    @Test("a server that never stops talking fails and is hung up on")
    func endless() async throws {
        let server = try server { $1 == 0 ? Self.endless : [] }

        let result = try await trial(server).attempt()

        #expect(result.reason == "reply.large")
        #expect(try await Workbench.aside { server.becomesIdle() })
    }

    @Test("closing answers an attempt under way, once, and leaves nothing open")
    func closing() async throws {
        let server = try server { $1 == 2 ? [.drip([])] : [] }
        let trial = try trial(server)
        let idle = try self.trial(server)
        _ = await trial.attempt()
        _ = await idle.attempt()

        async let under = trial.attempt()
        try await Workbench.aside { try Workbench.wait(for: "the question") { server.requests.count == 5 } }
        trial.probe.close()
        idle.probe.close()
        let result = await under
        let after = await trial.attempt()

        #expect(result.outcome == .unknown)
        #expect(result.reason == "inconclusive.closed")
        #expect(after.reason == "inconclusive.closed")
        #expect(try await Workbench.aside { server.becomesIdle() })
        #expect(server.accepted == 2)
    }

    @Test("an attempt before the end of another is answered at once, and says where that one hangs")
    func singleFlight() async throws {
        let server = try server { $1 == 0 ? [.drip([])] : [] }
        let trial = try trial(server, timeout: .seconds(2))

        async let first = trial.attempt()
        try await Workbench.aside { try Workbench.wait(for: "the question") { server.requests.count == 1 } }
        let second = await trial.attempt()

        #expect(second.outcome == .fail)
        #expect(second.reason == "timeout.processing")
        #expect(second.message.hasPrefix("still waiting after "))
        #expect(second.value("redis_up") == 0)
        #expect(await first.message.hasSuffix("did not answer within 2s, waiting for the answer"))
        #expect(server.accepted == 1)
    }

    @Test("without a free thread nothing is said about the name", arguments: [1, 2])
    func noLane(_ limit: Int) async throws {
        let lanes = Lanes(limit: limit)
        let gate = Awaited<Bool>()
        for _ in 0..<limit { lanes.run { _ = gate.value(within: .seconds(300)) } }
        try await Workbench.aside { try Workbench.wait(for: "the jobs") { lanes.working == limit } }

        let result = try await RedisTrial(
            "redis://cache.example", timeout: .milliseconds(200), lanes: lanes,
            lookup: { .failure(.unknownName($0)) }
        ).attempt()
        gate.fulfil(true)

        #expect(result.outcome == .unknown)
        #expect(result.reason == "inconclusive.lanes")
        #expect(
            result.message
                == "the name cache.example was not resolved: all worker threads are busy, other checks are blocked"
        )
    }

    @Test("a port that does not answer is a timeout of the connection, in the words of the check")
    func blocked() async throws {
        let blocked = try BlockedPort()

        let result = try await RedisTrial("redis://127.0.0.1:\(blocked.port)", timeout: .milliseconds(300))
            .attempt()

        #expect(result.reason == "timeout.connect")
        #expect(result.message == "127.0.0.1:\(blocked.port) did not answer within 300ms, connecting")
        #expect(result.phases.map(\.phase) == [.resolve, .connect])
    }

    @Test("the name of a neighbour may lead to a link-local address")
    func linkLocal() async throws {
        let neighbour = try #require(HostAddress.literal("fe80::1", port: 0))

        let result = try await RedisTrial("redis://cache.local", lookup: { _ in .success([neighbour]) })
            .attempt()

        // The kernel wants to know the interface as well (ipv6(7)); here it says no to the address, not we.
        #expect(result.reason == "connect.failed")
    }
}
