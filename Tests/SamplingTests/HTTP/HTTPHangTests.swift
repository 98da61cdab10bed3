// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Testing
import Vitals

@Suite("An http server that hangs")
struct HTTPHangTests {
    private let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".utf8)

    private func probe(_ server: WireServer, _ scheme: String = "http", _ more: String = "") throws
        -> WireBench
    {
        try WireBench(
            #"{"type": "http", "url": "\#(scheme)://127.0.0.1:\#(server.port)/"\#(more)}"#, keeping: server)
    }

    private func ends(
        _ script: @escaping WireServer.Script, with reason: Reason, _ phase: ProbePhase,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let server = try WireServer(script)
        let bench = try probe(server)

        // A busy machine takes its time until the step at which it hangs.
        let result = try bench.attempt(timeout: .seconds(2), sourceLocation: sourceLocation)

        #expect(result.outcome == .fail, sourceLocation: sourceLocation)
        #expect(result.reason == reason, sourceLocation: sourceLocation)
        #expect(result.duration >= .seconds(2), sourceLocation: sourceLocation)
        #expect(result.phases.last?.phase == phase, sourceLocation: sourceLocation)
        #expect(server.becomesIdle(), "a connection stayed open", sourceLocation: sourceLocation)
        #expect(server.accepted == 1, sourceLocation: sourceLocation)
    }

    @Test("after accepting ends by the deadline, waiting for the answer")
    func hangsAfterAccept() throws {
        try ends({ _, _ in [] }, with: "timeout.processing", .processing)
    }

    @Test("after half a status line ends by the deadline, reading the answer")
    func hangsWithinHead() throws {
        try ends({ _, _ in [.send(Array("HTTP/1.1 20".utf8))] }, with: "timeout.transfer", .transfer)
    }

    @Test("after the headers ends by the deadline, reading the answer")
    func hangsAfterHead() throws {
        let head = head
        try ends({ _, _ in [.send(head)] }, with: "timeout.transfer", .transfer)
    }

    @Test("byte by byte ends by the deadline, however long it could go on")
    func drips() throws {
        let bytes = head + [UInt8](repeating: 0x20, count: 100)
        try ends({ _, _ in [.drip(bytes)] }, with: "timeout.transfer", .transfer)
    }

    @Test("in the middle of TLS ends by the deadline in the handshake")
    func hangsInTLS() throws {
        // A server that does not know TLS and waits for a line that never comes.
        let server = try WireServer { _, _ in [] }
        let bench = try probe(server, "https")

        let result = try bench.attempt(timeout: .seconds(2))

        #expect(result.outcome == .fail)
        #expect(result.reason == "timeout.tls")
        #expect(result.phases.last?.phase == .tls)
        #expect(server.becomesIdle())
    }

    @Test("after TLS leaves nothing open, though it does not say good-bye")
    func hangsAfterTLS() throws {
        let certificates = try WireCertificates.made.get()
        let server = try WireServer(tls: certificates.server("good")) { _, _ in [] }
        let bench = try probe(server, "https", #", "tls": {"caFile": "\#(certificates.authority)"}"#)

        let result = try bench.attempt(timeout: .seconds(4))

        #expect(result.reason == "timeout.processing")
        #expect(result.sample("probe_http_ssl") == 1)
        #expect(server.becomesIdle())
    }

    @Test("with a full backlog ends by the deadline, connecting")
    func hangsInConnect() throws {
        let blocked = try BlockedPort()
        let bench = try WireBench(#"{"type": "http", "url": "http://127.0.0.1:\#(blocked.port)/"}"#)

        let result = try bench.attempt(timeout: .milliseconds(400))

        #expect(result.outcome == .fail)
        #expect(result.reason == "timeout.connect")
        #expect(result.phases.map(\.phase) == [.connect])
    }

    @Test("once answers again at the next attempt")
    func recovers() throws {
        let server = try WireServer { connection, _ in connection == 0 ? [] : [.send(WireAnswer.ok())] }
        let bench = try probe(server)

        let first = try bench.attempt(timeout: .seconds(2))
        let second = try bench.attempt()

        #expect(first.reason == "timeout.processing")
        #expect(second.outcome == .pass)
        #expect(server.accepted == 2)
    }
}
