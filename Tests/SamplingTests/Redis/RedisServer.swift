// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Outbound
import Testing
import Threads
import Vitals

import class NIOPosix.MultiThreadedEventLoopGroup

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
    func connection() throws -> RedisClient { try RedisClient(path: "\(directory)/redis.sock") }

    /// Sends one command over a new connection and gives its reply.
    @discardableResult
    func command(_ words: String...) throws -> RedisReply {
        try connection().reply(to: words)
    }

    var url: String { "redis://127.0.0.1:\(port)/0" }
    var localURL: String { "unix://\(directory)/redis.sock" }
}

/// A probe of a Redis, with its clock; closed when nobody holds it.
final class RedisTrial: Sendable {
    /// One for all, as in the daemon.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    static var loop: any EventLoop { loops.next() }

    let time: ShiftableTime
    let probe: any Probe
    let timeout: Duration
    private let context: ProbeContext

    init(
        _ url: String, _ more: String = "", timeout: Duration = .seconds(5), secrets: [String: String] = [:],
        lanes: Lanes = Workbench.lanes, lookup: Resolver.Lookup? = nil
    ) throws {
        let read = try readCheck(RedisKind.self, #"{"url": "\#(url)"\#(more)}"#, secrets: secrets)
        try #require(read.faults == [])
        time = ShiftableTime()
        context = ProbeContext(
            time: time, lanes: lanes, eventLoop: Self.loop, kernel: WireKernel(),
            procRoot: "/proc", helperProgram: "")
        probe = RedisProbe(
            RedisPlan(read.kind, timeout: timeout), context,
            resolver: Resolver(lanes: lanes, time: time, lookup: lookup ?? Resolver.system))
        self.timeout = timeout
    }

    /// A reload with other keys.
    init(_ old: RedisTrial, _ url: String, _ more: String, secrets: [String: String] = [:]) throws {
        let read = try readCheck(RedisKind.self, #"{"url": "\#(url)"\#(more)}"#, secrets: secrets)
        try #require(read.faults == [])
        time = old.time
        context = old.context
        timeout = old.timeout
        var definition = CheckDefinition(name: "cache", type: "redis")
        definition.timeout = timeout
        probe = read.kind.makeProbe(definition, context, following: old.probe)
        old.probe.close()
    }

    deinit { probe.close() }

    func attempt() async -> ProbeResult { await probe.result(time, timeout: timeout) }
}
