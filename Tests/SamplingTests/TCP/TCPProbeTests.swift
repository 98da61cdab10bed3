// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("A tcp check")
struct TCPProbeTests {
    private func bench(_ server: WireServer, _ more: String = "") throws -> WireBench {
        try WireBench(#"{"type": "tcp", "address": "127.0.0.1:\#(server.port)"\#(more)}"#, keeping: server)
    }

    @Test("passes when the connection opens, and closes it again")
    func opens() throws {
        let server = try WireServer { _, _ in [] }
        let bench = try bench(server)

        let first = try bench.attempt()
        let second = try bench.attempt()

        #expect(first.outcome == .pass)
        #expect(first.reason == nil)
        #expect(first.phases.map(\.phase) == [.connect])
        #expect(second.outcome == .pass)
        #expect(server.becomesIdle())
    }

    @Test("sends what it is told and finds what it expects, also in pieces")
    func answers() throws {
        let server = try WireServer { _, _ in [.drip(Array("+PONG\r\n".utf8))] }

        let result = try bench(server, #", "send": "PING\r\n", "expectBytes": "PONG""#).attempt()

        #expect(result.outcome == .pass)
        #expect(server.requests == ["PING\r\n"])
        #expect(result.phases.map(\.phase) == [.connect, .processing, .transfer])
        #expect(server.becomesIdle())
    }

    @Test("hears a server that speaks first")
    func greeting() throws {
        let server = try WireServer(speaksFirst: Array("220 mail.example ESMTP\r\n".utf8)) { _, _ in [] }

        let text = try bench(server, #", "expectBytes": "220 ""#).attempt()
        let count = try bench(server, #", "expectBytes": 24"#).attempt()
        let more = try bench(server, #", "expectBytes": 25"#).attempt(timeout: .seconds(2))

        #expect(text.outcome == .pass)
        #expect(count.outcome == .pass)
        #expect(count.fact("answer_bytes") == .integer(24))
        #expect(more.reason == "timeout.transfer")
    }

    @Test("ends by the deadline when the answer does not come")
    func hangs() throws {
        let server = try WireServer { _, _ in [] }

        let result = try bench(server, #", "send": "x\r\n", "expectBytes": "y""#)
            .attempt(timeout: .seconds(2))

        #expect(result.outcome == .fail)
        #expect(result.reason == "timeout.processing")
        #expect(server.becomesIdle())
    }

    @Test("fails when the answer is another one, without end")
    func endless() throws {
        let server = try WireServer { _, _ in [.endless(Array("no no no ".utf8))] }

        let result = try bench(server, #", "send": "x\r\n", "expectBytes": "yes""#).attempt()

        #expect(result.reason == "tcp.answer")
        #expect(server.becomesIdle())
    }

    @Test("tells closing from resetting from refusing from not answering at all")
    func failures() throws {
        let more = #", "send": "x\r\n", "expectBytes": "yes""#
        let closing = try WireServer { _, _ in [.send(Array("no".utf8)), .close] }
        let resetting = try WireServer { _, _ in [.reset] }
        let gone = try WireServer { _, _ in [] }
        let refusing = try bench(gone)
        try gone.stop()
        let blocked = try BlockedPort()

        let closed = try bench(closing, more).attempt()
        let reset = try bench(resetting, more).attempt()
        let refused = try refusing.attempt()
        let silent = try WireBench(#"{"type": "tcp", "address": "127.0.0.1:\#(blocked.port)"}"#)
            .attempt(timeout: .seconds(2))

        #expect(closed.reason == "closed")
        #expect(closed.message.hasSuffix("after 2 bytes without the expected answer"))
        #expect(reset.reason == "reset")
        #expect(refused.reason == "refused")
        #expect(silent.reason == "timeout.connect")
    }

    @Test("connects to Unix sockets and says which one is missing or not listened on")
    func unix() throws {
        var template = Array("/tmp/vitald-tcp-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            unlink("\(directory)/s")
            unlink("\(directory)/file")
            rmdir(directory)
        }
        try TextFile.write("", "\(directory)/file")

        let missing = try WireBench(#"{"type": "tcp", "address": "\#(directory)/s"}"#).attempt()
        let file = try WireBench(#"{"type": "tcp", "address": "\#(directory)/file"}"#).attempt()
        let server = try WireServer(unix: "\(directory)/s") { _, _ in [] }
        let there = try WireBench(#"{"type": "tcp", "address": "\#(directory)/s"}"#).attempt()

        #expect(missing.reason == "missing")
        #expect(missing.message == "there is no socket at \(directory)/s")
        #expect(file.reason == "refused")
        #expect(there.outcome == .pass)
        #expect(server.becomesIdle())
    }

    @Test("does TLS, with the certificate's end")
    func tls() throws {
        let certificates = try WireCertificates.made.get()
        let server = try WireServer(tls: certificates.server("good")) { _, _ in
            [.send(Array("yes".utf8))]
        }
        let trusted = try bench(
            server,
            #", "tls": {"caFile": "\#(certificates.authority)"}, "send": "x\r\n", "expectBytes": "yes""#
        ).attempt()
        let untrusted = try bench(server, #", "tls": true"#).attempt()

        #expect(trusted.outcome == .pass, "\(trusted.message)")
        #expect(trusted.sample("probe_ssl_earliest_cert_expiry") == 2_366_841_600)
        #expect(untrusted.reason == "tls.unknown_authority")
        #expect(server.becomesIdle())
    }
}
