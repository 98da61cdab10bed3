// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

/// A server on a Unix socket that says the same to everybody and then holds its tongue, or hangs up.
final class ScriptedServer: Sendable {
    enum End { case hold, close }

    let path: String
    private let directory: String
    private let listener: Int32

    init(saying chunks: [(bytes: [UInt8], times: Int)], then end: End) throws {
        directory = try Workbench.directory("script")
        path = "\(directory)/s"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { [listener] in
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0 && listen(listener, 8) == 0)
        Workbench.lanes.run { [listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Workbench.lanes.run { Self.serve(client, chunks, end) }
            }
        }
    }

    deinit {
        // Wakes accept(2), which close(2) does not.
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        unlink(path)
        rmdir(directory)
    }

    private static func serve(_ client: Int32, _ chunks: [(bytes: [UInt8], times: Int)], _ end: End) {
        defer { Glibc.close(client) }
        for (bytes, times) in chunks {
            for _ in 0..<times {
                var sent = 0
                while sent < bytes.count {
                    let count = bytes.withUnsafeBytes {
                        send(
                            client, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
                            Int32(clamping: MSG_NOSIGNAL))
                    }
                    if count <= 0 { return }
                    sent += count
                }
            }
        }
        // A socket that is closed with bytes unread resets its peer (unix(7)); hanging up is to be an orderly end.
        if end == .close { shutdown(client, Int32(SHUT_WR)) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(client, &buffer, buffer.count) > 0 {}
    }
}

@Suite("Redis: a hostile server")
struct HostileRedisTests {
    struct Script: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let chunks: [(bytes: [UInt8], times: Int)]
        var end = ScriptedServer.End.hold
        let reason: Reason

        init(
            _ title: String, _ text: String, times: Int = 1, then end: ScriptedServer.End = .hold,
            _ reason: Reason
        ) {
            testDescription = title
            chunks = [(Array(text.utf8), times)]
            self.end = end
            self.reason = reason
        }
    }

    static let scripts = [
        Script("depth of 100,000", "*1\r\n", times: 100_000, "protocol"),
        Script("4294967295 elements", "*4294967295\r\n", "protocol"),
        Script("2147483647 elements", "*2147483647\r\n", "reply.large"),
        Script("4097 elements", "*4097\r\n", "reply.large"),
        Script("many arrays in one", "*4000\r\n*4000\r\n", "reply.large"),
        Script(
            "a bulk of 1 GB", "$1000000000\r\n" + String(repeating: "x", count: 1 << 16), times: 20,
            "reply.large"),
        Script("a bulk of 1 GB that never comes", "$1000000000\r\n", "timeout.processing"),
        Script("a bulk longer than memory", "$9223372036854775807\r\n", "timeout.processing"),
        Script("a bulk of negative length", "$-2\r\n", "protocol"),
        Script(
            "a line without an end", "+" + String(repeating: "x", count: 1 << 16), times: 20, "reply.large"),
        Script("an empty line", "\r\n", "protocol"),
        Script("a number that is none", ":12x\r\n:1\r\n", "protocol"),
        Script("a number beyond all numbers", ":99999999999999999999\r\n:1\r\n", "protocol"),
        Script("zeros", "\u{0}\u{0}\u{0}\u{0}", "protocol"),
        Script("an HTTP server", "HTTP/1.1 400 Bad Request\r\n\r\n", then: .close, "protocol"),
        Script("the wrong status", "+PANG\r\n", "protocol"),
        Script("an array in the place of PONG", "*1\r\n$4\r\nPONG\r\n", "protocol"),
        Script("an error without a word", "-\r\n", times: 2, "server.error"),
        Script("nothing at all", "", then: .close, "closed"),
        Script("half an answer", "+PO", then: .close, "closed"),
        Script("silence", "", "timeout.processing"),
    ]

    @Test("ends in a reason, not in a crash", arguments: scripts)
    func hostile(_ script: Script) async throws {
        let server = try ScriptedServer(saying: script.chunks, then: script.end)
        // Only what ends in a timeout has to wait for it.
        let timeout: Duration = script.reason == "timeout.processing" ? .milliseconds(400) : .seconds(10)
        let trial = try RedisTrial("unix://\(server.path)", timeout: timeout)

        let result = await trial.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == script.reason)
        #expect(result.value("redis_up") == 0)
        #expect(result.duration < timeout + PostgresFaultTests.grace)
    }

    @Test("an answer to INFO that is no INFO leaves the facts absent")
    func strangeInfo() async throws {
        let server = try ScriptedServer(
            saying: [(Array("+PONG\r\n+OK\r\n$7\r\nnothing\r\n:5\r\n".utf8), 1)], then: .hold)
        let trial = try RedisTrial("unix://\(server.path)")

        let result = await trial.attempt()

        #expect(result.outcome == .pass)
        #expect(result.facts.map(\.name) == ["latency_ms"])
    }

    @Test("a name that does not resolve is dns.failed, one that hangs timeout.resolve")
    func names() async throws {
        let hanging = HangingNames()
        let broken = FlakyNames()
        broken.isBroken.store(true, ordering: .sequentiallyConsistent)

        let failed = try await RedisTrial("redis://cache.example", lookup: broken.lookup).attempt()
        let hung = try await RedisTrial(
            "redis://cache.example", timeout: .milliseconds(200), lookup: hanging.lookup
        )
        .attempt()
        hanging.release()

        #expect(failed.outcome == .fail)
        #expect(failed.reason == "dns.failed")
        #expect(hung.outcome == .fail)
        #expect(hung.reason == "timeout.resolve")
        #expect(hung.duration < .milliseconds(200) + PostgresFaultTests.grace)
    }
}
