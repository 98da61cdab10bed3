// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

/// A real Redis of its own on a port of the loopback and a Unix socket; gone when nobody holds it.
final class RedisServer: Sendable {
    let directory: String
    let port: UInt16
    let process: Spawned

    static let isInstalled = Workbench.finds("redis-server")
    static let skipReason: Comment = "Redis is not installed: apt install redis-server"

    /// Starts one and waits until it answers, whatever it answers.
    init(_ options: [String] = [], data: String? = nil) throws {
        (process, port) = try Workbench.listening { port in
            // A directory for each try: it goes with the program.
            let directory = try Workbench.directory("redis")
            if let data { try #require(Spawned.run(["cp", data, "\(directory)/dump.rdb"]).status == 0) }
            let process = try Spawned(
                [
                    "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory,
                    "--unixsocket",
                    "\(directory)/redis.sock", "--save", "", "--enable-debug-command", "yes",
                ] + options, directory: directory, ending: "KILL")
            try Workbench.wait(for: "Redis to listen") {
                process.hasEnded || Workbench.listens("\(directory)/redis.sock")
            }
            return process
        }
        directory = process.directory
    }

    /// A connection of the test's own.
    func connection() throws -> RedisConnection {
        try RedisConnection.open(.path("\(directory)/redis.sock"), Self.countdown(.seconds(5)))
    }

    /// Sends one command over a new connection and gives its reply.
    @discardableResult
    func command(_ words: String...) throws -> RedisReply {
        let replies = try connection().exchange(
            RedisCommand.bytes(words), replies: 1, .processing, Self.countdown(.seconds(10))
        ).replies
        return try #require(replies.first)
    }

    static func countdown(_ duration: Duration) -> Countdown {
        let time = ShiftableTime()
        return Countdown(time: time, deadline: time.now + duration)
    }

    var url: String { "redis://127.0.0.1:\(port)/0" }
    var localURL: String { "unix://\(directory)/redis.sock" }
}

/// A probe of a Redis, with its clock.
struct RedisTrial {
    let time = ShiftableTime()
    let probe: LaneProbe<RedisProbe>
    let timeout: Duration

    init(
        _ url: String, _ more: String = "", timeout: Duration = .seconds(5), secrets: [String: String] = [:],
        lookup: Resolver.Lookup? = nil
    ) throws {
        let read = try readCheck(RedisKind.self, #"{"url": "\#(url)"\#(more)}"#, secrets: secrets)
        try #require(read.faults == [])
        var definition = CheckDefinition(name: "cache", type: "redis")
        definition.timeout = timeout
        let resolver = Resolver(lanes: Workbench.lanes, time: time, lookup: lookup ?? Resolver.system)
        probe = read.kind.probe(definition, time: time, lanes: Workbench.lanes, resolver: resolver)
        self.timeout = timeout
    }

    func attempt() async -> ProbeResult { await probe.result(time, timeout: timeout) }
}
