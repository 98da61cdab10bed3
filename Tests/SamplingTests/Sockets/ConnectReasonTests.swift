// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Testing
import Vitals

@testable import Sampling

@Suite("Connecting: one reason for one trouble")
struct ConnectReasonTests {
    /// A directory with a Unix socket, bound but not listened on unless told to.
    private final class Place {
        let directory: String
        let path: String
        let socket: Int32

        /// The name is one that Postgres looks for, so that all kinds can be sent to the same socket.
        init(name: String = ".s.PGSQL.5432") throws {
            directory = try Workbench.directory("reason")
            path = "\(directory)/\(name)"
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let code = Self.withAddress(path) { [socket] in
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
            try #require(code == 0)
        }

        deinit {
            close(socket)
            unlink(path)
            rmdir(directory)
        }

        static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            return withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
            }
        }
    }

    private func reasons(at path: String) async throws -> [Reason?] {
        try await [
            WireBench(#"{"type": "tcp", "address": "\#(path)"}"#).attempt().reason,
            WireBench(#"{"type": "http", "url": "unix:\#(path):/"}"#).attempt().reason,
            RedisTrial("unix://\(path)").attempt().reason,
        ]
    }

    private func postgres(in directory: String) async throws -> Reason? {
        try await PostgresTrial("host=\(directory) port=5432 user=vitald").attempt().reason
    }

    @Test("a socket that is not there is missing, for every kind")
    func missing() async throws {
        let place = try Place()
        unlink(place.path)

        #expect(try await reasons(at: place.path) == ["missing", "missing", "missing"])
        #expect(try await postgres(in: place.directory) == "missing")
    }

    @Test("a socket that nobody listens on refuses, for every kind")
    func refused() async throws {
        let place = try Place()

        #expect(try await reasons(at: place.path) == ["refused", "refused", "refused"])
        #expect(try await postgres(in: place.directory) == "refused")
    }

    @Test("a path may be as long as the kernel takes it, and one that is longer is refused beforehand")
    func longest() async throws {
        let length = ServerAddress.longestPath - "/tmp/vitald-reason.XXXXXX/".utf8.count
        let place = try Place(name: String(repeating: "s", count: length))

        #expect(place.path.utf8.count == 107)
        #expect(try await reasons(at: place.path) == ["refused", "refused", "refused"])
        #expect(throws: URLFault.self) { try RedisTarget("unix://\(place.path)s") }
    }

    @Test("a socket whose queue is full refuses, and says why")
    func full() async throws {
        let place = try Place()
        try #require(listen(place.socket, 0) == 0)
        let first = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(first) }
        // A backlog of 0 takes one connection (unix_stream_connect in the kernel).
        let code = Place.withAddress(place.path) {
            connect(first, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        try #require(code == 0)

        let redis = try await RedisTrial("unix://\(place.path)").attempt()

        #expect(try await reasons(at: place.path) == ["refused", "refused", "refused"])
        #expect(redis.message.hasSuffix("its queue of them is full"))
    }

    @Test(
        "an error of the kernel has one outcome and one reason",
        arguments: [
            (ECONNREFUSED, Outcome.fail, "refused"), (EAGAIN, .fail, "refused"), (ENOENT, .fail, "missing"),
            (ENOTDIR, .fail, "missing"), (ENOTSOCK, .fail, "missing"), (EHOSTUNREACH, .fail, "unreachable"),
            (ENETUNREACH, .fail, "unreachable"), (EADDRNOTAVAIL, .fail, "unreachable"),
            (EACCES, .fail, "denied"), (EPERM, .fail, "denied"), (ETIMEDOUT, .fail, "timeout.connect"),
            (ECONNRESET, .fail, "reset"), (ECONNABORTED, .fail, "reset"), (EPIPE, .fail, "closed"),
            (EMFILE, .unknown, "inconclusive.descriptors"), (ENOMEM, .unknown, "inconclusive.resources"),
            (ENOSPC, .unknown, "inconclusive.resources"),
            (EPROTO, .fail, "connect.failed"),
        ] as [(Int32, Outcome, Reason)])
    func table(code: Int32, outcome: Outcome, reason: Reason) {
        let failure = ProbeFailure(errno: code, place: "db:1")
        let result = ConnectFailure.refused(errno: code).result(at: "db:1")

        #expect(failure.outcome == outcome)
        #expect(failure.reason == reason)
        #expect(result.outcome == outcome)
        #expect(result.reason == reason)
    }

    @Test("an earlier address leaves the outcome alone and is told behind a graver reason")
    func staleName() {
        var passed = ProbeResult(.pass, message: "answered")
        var slow = ProbeResult(.warn, reason: "slow", message: "answered late")

        passed.note(.noServer("db.example"))
        slow.note(.noServer("db.example"))

        #expect(passed.outcome == .pass)
        #expect(passed.reason == "dns.failed")
        #expect(slow.outcome == .warn)
        #expect(slow.reason == "slow")
        let remark =
            "an earlier address was used: the name db.example does not resolve: no name server answers"
        #expect(passed.message == "answered; \(remark)")
        #expect(slow.message == "answered late; \(remark)")
    }
}
