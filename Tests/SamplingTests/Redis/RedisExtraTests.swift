// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("Redis: what a check can do without")
struct RedisExtraTests {
    /// A server that answers each command of a request, but for what a test says about it; `close` hangs up at it
    /// and takes what it was about to say along, as twemproxy does.
    static func server(
        _ special: @escaping @Sendable (_ connection: Int, _ command: String) -> [WireServer.Act]?
    ) throws -> WireServer {
        let box = Weakly()
        let server = try WireServer { connection, _ in
            var acts: [WireServer.Act] = []
            for command in commands(box.last) {
                if let said = special(connection, command) {
                    switch said.first {
                    case .close, .reset: return said
                    default: break
                    }
                    acts += said
                    continue
                }
                let info = "role:master\r\nused_memory:5\r\ncluster_enabled:1\r\nredis_version:7.0.1\r\n"
                let text =
                    switch command.split(separator: " ").first ?? "" {
                    case "PING": "+PONG\r\n"
                    case "INFO": "$\(info.utf8.count)\r\n\(info)\r\n"
                    case "CLUSTER": "$16\r\ncluster_state:ok\r\n"
                    default: "+OK\r\n"
                    }
                acts.append(.send(Array(text.utf8)))
            }
            return acts
        }
        box.server = server
        return server
    }

    /// The script needs the request, which the server keeps.
    private final class Weakly: @unchecked Sendable {  // set once, before anybody connects
        weak var server: WireServer?
        var last: String { server?.requests.last ?? "" }
    }

    /// The commands of a request, their words joined by blanks.
    private static func commands(_ request: String) -> [String] {
        request.split(separator: "*").map { command in
            command.split(separator: "\r\n").dropFirst().filter { !$0.hasPrefix("$") }.joined(separator: " ")
        }
    }

    private static func text(_ result: ProbeResult) -> String {
        guard case .text(let text) = result.fact("refused") else { return "" }
        return text
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let acts: [WireServer.Act]
        init(_ title: String, _ acts: [WireServer.Act]) {
            testDescription = title
            self.acts = acts
        }
        init(error: String) { self.init(error, [.send(Array("-\(error)\r\n".utf8))]) }
    }

    static let refusals = [
        Refusal(error: "ERR unknown command"), Refusal(error: "NOPERM CANARY may not"),
        Refusal(error: "NOAUTH no"), Refusal(error: "CANARY-code no"), Refusal("closed", [.close]),
        Refusal("reset", [.reset]), Refusal("not the protocol", [.send(Array("hello\r\n".utf8))]),
        Refusal(
            "two megabytes",
            [.send(Array("$2000000\r\n".utf8) + [UInt8](repeating: 0x78, count: 2_000_000) + [13, 10])]),
        Refusal("4097 elements", [.send(Array("*4097\r\n".utf8))]), Refusal("silence", []),
    ]

    @Test("CLIENT SETNAME and INFO do not decide, whatever becomes of them", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let server = try Self.server { _, command in
            command.hasPrefix("CLIENT") || command.hasPrefix("INFO") ? refusal.acts : nil
        }
        let timeout: Duration = refusal.acts.isEmpty ? .seconds(1) : .seconds(10)
        let trial = try RedisTrial("redis://127.0.0.1:\(server.port)", timeout: timeout)

        var results: [ProbeResult] = []
        for _ in 0..<4 { results.append(await trial.attempt()) }
        let accepted = server.accepted
        let before = server.requests.count
        let last = await trial.attempt()

        #expect(
            results.allSatisfy { $0.outcome == .pass && $0.value("redis_up") == 1 },
            "\(results.map(\.message))")
        #expect(last.outcome == .pass)
        #expect(Self.text(last).contains("CLIENT SETNAME (") && Self.text(last).contains("INFO ("))
        #expect(results.flatMap(\.remarks).count == 2)
        #expect(!(results + [last]).contains { ($0.everything + $0.remarks.joined()).contains("CANARY") })
        // One connection for each thing that was hung up on, one more for INFO, which may have been chance, and one that
        // stays.
        #expect(accepted <= 4)
        #expect(server.accepted == accepted)
        #expect(server.requests.dropFirst(before) == ["*1\r\n$4\r\nPING\r\n"])
    }

    private final class Closed: Sendable {
        let count = Atomic(0)
    }

    @Test("what was refused is asked for again after ten minutes")
    func again() async throws {
        let closed = Closed()
        let server = try Self.server { _, command in
            guard command.hasPrefix("INFO"), closed.count.load(ordering: .relaxed) < 2 else { return nil }
            closed.count.add(1, ordering: .relaxed)
            return [.close]
        }
        let trial = try RedisTrial("redis://127.0.0.1:\(server.port)")

        let first = await trial.attempt()
        let second = await trial.attempt()
        trial.time.advance(by: .seconds(601))
        let third = await trial.attempt()

        #expect(first.fact("role") == nil)
        #expect(second.fact("role") == nil)
        #expect(third.fact("role") == .text("master"))
        #expect(third.fact("refused") == nil)
        withExtendedLifetime(server) {}
    }

    @Test("statistics say why they are missing, and CLUSTER INFO does not decide", arguments: refusals)
    func cluster(_ refusal: Refusal) async throws {
        let server = try Self.server { _, command in command.hasPrefix("CLUSTER") ? refusal.acts : nil }
        let timeout: Duration = refusal.acts.isEmpty ? .seconds(1) : .seconds(10)
        let trial = try RedisTrial(
            "redis://127.0.0.1:\(server.port)", #", "statistics": true"#, timeout: timeout)

        let first = await trial.attempt()
        let second = await trial.attempt()

        for result in [first, second] {
            #expect(result.outcome == .pass)
            #expect(result.value("redis_memory_used_bytes") == 5)
            #expect(result.value("redis_exporter_last_scrape_error", ["err": ""]) == 0)
            #expect(result.value("redis_cluster_state") == nil)
        }
        #expect(server.requests.count { $0.contains("CLUSTER") } == 1)
        #expect(Self.text(second).hasPrefix("CLUSTER INFO ("))
    }

    @Test(
        "where a command is configured, it decides, and PING is not needed",
        arguments: refusals.prefix(2) + refusals[4...5])
    func ping(_ refusal: Refusal) async throws {
        let server = try Self.server { _, command in command == "PING" ? refusal.acts : nil }
        let trial = try RedisTrial("redis://127.0.0.1:\(server.port)", #", "command": "GET vitald""#)
        let plain = try RedisTrial("redis://127.0.0.1:\(server.port)")

        let results = [await trial.attempt(), await trial.attempt()]
        let needed = await plain.attempt()

        #expect(results.allSatisfy { $0.outcome == .pass }, "\(results.map(\.message))")
        #expect(results.allSatisfy { $0.fact("role") == .text("master") })
        #expect(Self.text(results[1]).hasPrefix("PING ("))
        #expect(needed.outcome == .fail)
        withExtendedLifetime(server) {}
    }

    @Test("an answer that says how the server is decides, also where a command is configured")
    func states() async throws {
        let loading = try Self.server { _, command in
            command == "PING" ? [.send(Array("-LOADING no\r\n".utf8))] : nil
        }
        let closing = try Self.server { _, command in command.hasPrefix("GET") ? [.close] : nil }
        let command = #", "command": "GET vitald""#

        let warned = try await RedisTrial("redis://127.0.0.1:\(loading.port)", command).attempt()
        let failed = try await RedisTrial("redis://127.0.0.1:\(closing.port)", command).attempt()

        #expect(warned.reason == "loading")
        #expect(failed.reason == "closed")
        #expect(failed.fact("refused") == nil)
        withExtendedLifetime((loading, closing)) {}
    }

    @Test("a role that is wanted and not told is role.unknown")
    func neededRole() async throws {
        let server = try Self.server { _, command in command.hasPrefix("INFO") ? [.close] : nil }

        let trial = try RedisTrial("redis://127.0.0.1:\(server.port)", #", "role": "primary""#)

        var results: [ProbeResult] = []
        for _ in 0..<4 { results.append(await trial.attempt()) }

        // The first is laid to CLIENT SETNAME; INFO once may be chance, twice is a refusal.
        #expect(results.map(\.reason?.code).prefix(2) == ["inconclusive.partial", "inconclusive.partial"])
        #expect(results.map(\.reason?.code).suffix(2) == ["role.unknown", "role.unknown"])
        withExtendedLifetime(server) {}
    }

    @Test(
        "a real twemproxy, which closes the connection at what it does not know, is healthy",
        .enabled(if: Twemproxy.isInstalled && RedisServer.isInstalled || Workbench.isCI, Twemproxy.skipReason)
    )
    func twemproxy() async throws {
        let proxy = try await Workbench.aside { try Twemproxy(RedisServer()) }
        let url = "redis://127.0.0.1:\(proxy.port)"
        let trial = try RedisTrial(url)
        let command = try RedisTrial(url, #", "command": "GET vitald""#)

        var results: [ProbeResult] = []
        for _ in 0..<5 { results += [await trial.attempt(), await command.attempt()] }
        proxy.server.process.signal(9)
        try await Workbench.aside { try Workbench.wait(for: "the end") { proxy.server.process.hasEnded } }
        let dead = await command.attempt()

        #expect(results.allSatisfy { $0.outcome == .pass }, "\(results.map(\.message))")
        #expect(results[8].phases.map(\.phase) == [.processing])
        #expect(results[9].phases.map(\.phase) == [.processing])
        #expect(
            Self.text(results[8])
                == "CLIENT SETNAME (the connection was closed), INFO (the connection was closed)")
        #expect(dead.outcome == .fail)
    }
}
