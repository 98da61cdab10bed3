// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// The shipped binary, started as a person would start it: arguments, environment, files, signals, sockets.
final class ShippedDaemon: Sendable {
    /// Where the programs were built: beside the test runner.
    static let products: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer[..<max(count, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }()
    static let binary = products + "/vitald"
    static let client = products + "/vitalctl"

    let directory: TestDirectory
    let program: Program
    let socket: String

    /// Starts it; `configuration` is the text of its file. `prefix` is a program that becomes vitald in the end,
    /// as prlimit does. `stderr` takes the place of the log's file; `owner` gets directory and configuration.
    init(
        _ configuration: String, arguments: [String] = [], environment: [String: String] = [:],
        prefix: [String] = [], in directory: TestDirectory? = nil, log: String = "log", stderr: Int32? = nil,
        owner: uid_t? = nil
    ) throws {
        let directory = try directory ?? TestDirectory()
        self.directory = directory
        let file = try directory.write("config.json", configuration)
        socket = directory.path + "/run/vitald.sock"
        if let owner {
            for path in [directory.path, file] { try #require(chown(path, owner, owner) == 0) }
        }
        program = try Program(
            prefix + [Self.binary, "--config", file, "--socket", socket, "--log-format", "json"] + arguments,
            environment: environment, errors: log.hasPrefix("/") ? log : "\(directory.path)/\(log)",
            stderr: stderr)
    }

    var pid: pid_t { program.pid }
    /// The socket for HTTP beside the other.
    var web: Wire.Place { .path(directory.path + "/run/http.sock") }
    /// Everything that it logged.
    var log: String { directory.read("log") }

    /// The log's lines of one event.
    func logged(_ event: String) -> [String] {
        log.split(separator: "\n").map(String.init).filter { $0.contains(#""event":"\#(event)""#) }
    }

    /// Waits until it serves; gives itself.
    func serving() async throws -> ShippedDaemon {
        try await Wait.until("vitald to serve; it says: \(log)") {
            if let ending = program.hasEnded { throw ShippedFault("vitald ended: \(ending): \(log)") }
            return !logged("started").isEmpty
        }
        return self
    }

    /// The port that the kernel chose for `127.0.0.1:0`, as the log tells it.
    func port() throws -> UInt16 {
        let line = try #require(logged("started").first)
        let digits = line.firstRange(of: "127.0.0.1:").map { line[$0.upperBound...].prefix { $0.isNumber } }
        return try #require(digits.flatMap { UInt16($0) }, "no port in \(line)")
    }

    /// Asks for a page over the HTTP socket.
    func get(_ target: String, _ headers: [String] = []) async throws -> WebPage {
        let web = web
        return try await Wait.apart { try Wire.get(web, target, headers) }
    }

    /// Calls a method on the socket; gives the whole reply.
    func call(_ method: String, _ parameters: String = "{}") async throws -> JSONValue {
        let text = try await Wait.apart { [socket] in
            let wire = try Wire(.path(socket))
            try wire.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(parameters)}"# + "\n")
            return try #require(try wire.line())
        }
        return try JSONDocument(parsing: Array(text.utf8)).root
    }

    /// What a method answered.
    func result(_ method: String, _ parameters: String = "{}") async throws -> JSONValue {
        let reply = try await call(method, parameters)
        return try #require(reply["result"], "\(method): \(String(decoding: reply.source, as: UTF8.self))")
    }

    /// One check as `checks.get` shows it.
    func check(_ name: String) async throws -> JSONValue {
        let reply = try await result("checks.get", #"{"name":"\#(name)"}"#)
        return try #require(reply["check"])
    }

    /// Writes another configuration and lets it be read.
    func reconfigure(_ configuration: String) throws {
        try directory.write("config.json", configuration)
        program.signal(SIGHUP)
    }

    /// Runs vitalctl against it.
    func control(_ words: String...) async throws -> (ending: Program.Ending, output: String, errors: String)
    {
        let command = [Self.client, "--socket", socket] + words
        return try await Wait.apart { try Program.output(command) }
    }

    /// Asks it to end, and sees that it does as it should.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        program.signal(SIGTERM)
        let ending = try await program.end()
        #expect(ending == .code(0), "\(log)", sourceLocation: sourceLocation)
    }

    /// How many descriptors it holds.
    var descriptors: Int { TestDirectory.names(in: "/proc/\(pid)/fd")?.count ?? 0 }
    /// How many threads it has.
    var threads: Int { TestDirectory.names(in: "/proc/\(pid)/task")?.count ?? 0 }

    /// The pids of its children, zombies among them.
    var children: [String] {
        (TestDirectory.names(in: "/proc/\(pid)/task") ?? []).flatMap { thread in
            (TestDirectory.read("/proc/\(pid)/task/\(thread)/children") ?? "").split(separator: " ").map(
                String.init)
        }
    }
}
