// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// Takes connections (the kernel does, by its backlog) and never says a word.
final class SilentServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 1024) | getsockname(descriptor, $0, &length)
            }
        }
        try #require(code == 0)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}

/// A datagram socket whose queue fills up because nobody reads it.
final class DeafSocket: Sendable {
    let path: String
    private let directory: TestDirectory
    private let descriptor: Int32

    init() throws {
        directory = try TestDirectory()
        path = directory.path + "/notify"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0)
    }

    deinit { close(descriptor) }
}

/// A real Redis on a Unix socket of its own; started and stopped at will.
final class LocalRedis: Sendable {
    let directory: TestDirectory

    init() throws { directory = try TestDirectory() }

    var url: String { "unix://\(directory.path)/redis.sock" }

    /// Starts it and waits until it answers.
    func start(_ options: [String] = []) async throws -> Program {
        let program = try Program(
            [
                "redis-server", "--port", "0", "--unixsocket", "\(directory.path)/redis.sock", "--dir",
                directory.path, "--save", "", "--daemonize", "no",
            ] + options, output: "\(directory.path)/redis.log", errors: "\(directory.path)/redis.log")
        try await Wait.until("Redis to answer") {
            if program.hasEnded != nil { throw ShippedFault("Redis ended: \(directory.read("redis.log"))") }
            return (try? await ask()) == true
        }
        return program
    }

    private func ask() async throws -> Bool {
        let path = "\(directory.path)/redis.sock"
        return try await Wait.apart {
            let wire = try Wire(.path(path), patience: 2)
            try wire.send("PING\r\n")
            return try wire.line() != nil
        }
    }
}

/// A real Postgres on a port of the loopback and on a Unix socket, both of which ask for a password.
final class LocalPostgres: Sendable {
    static let password = "CANARY-\(UInt64.random(in: 0 ... .max))"

    let directory: TestDirectory
    let port: UInt16
    private let binaries: String
    private let user: [String]

    /// Where Debian keeps the server's programs, outside of the PATH; nil where there are none.
    static let binaries: String? = stride(from: 20, to: 12, by: -1).map { "/usr/lib/postgresql/\($0)/bin" }
        .first { access("\($0)/postgres", X_OK) == 0 }

    init() throws {
        binaries = try #require(Self.binaries)
        directory = try TestDirectory()
        port = try SilentServer().port
        // The server refuses to run as root.
        guard geteuid() == 0, let account = getpwnam("postgres") else {
            user = []
            return
        }
        let (uid, gid) = (account.pointee.pw_uid, account.pointee.pw_gid)
        user = ["setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"]
        try #require(chown(directory.path, uid, gid) == 0)
    }

    /// Makes the data and starts it; `vitald` may log in with the password, over every way.
    func start() async throws -> Program {
        let data = "\(directory.path)/data"
        let words =
            user + ["\(binaries)/initdb", "-D", data, "-U", "vitald", "--auth=scram-sha-256", "--no-sync"]
        let secret = try directory.write("new.password", Self.password)
        try #require(chmod(secret, 0o644) == 0)
        let made = try await Wait.apart {
            try Program.output(words + ["--pwfile", secret, "--locale=C", "--encoding=UTF8"])
        }
        try #require(made.ending == .code(0), "\(made.errors)")
        let program = try Program(
            user + [
                "\(binaries)/postgres", "-D", data, "-k", directory.path, "-p", "\(port)",
                "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
            ], output: "\(directory.path)/postgres.log", errors: "\(directory.path)/postgres.log")
        try await Wait.until("Postgres to be ready") {
            if program.hasEnded != nil { throw ShippedFault(directory.read("postgres.log")) }
            return directory.read("data/postmaster.pid").split(separator: "\n").last?.hasPrefix("ready")
                == true
        }
        return program
    }
}
