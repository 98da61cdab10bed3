// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Publishing
import TestSupport
import Testing
import Vitals

@Suite("The HTTP server over TLS")
struct TLSServerTests {
    private static let certificates = Result {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost, IP:127.0.0.1")
        try made.sign("next", for: "DNS:localhost, IP:127.0.0.1")
        try made.sign("client", for: "DNS:client.example")
        return made
    }

    private static func certificate(_ name: String) throws -> NIOSSLCertificate? {
        try NIOSSLCertificate.fromPEMFile(certificates.get().path("\(name).crt")).first
    }

    private static func access(
        _ name: String = "server", authority: Bool = false, hsts: Duration? = nil
    ) throws -> HTTPAccess {
        var access = HTTPAccess()
        access.tls = try certificates.get().identity(name, authority: authority, strictTransport: hsts)
        return access
    }

    /// What curl gets; the code is its own, 0 for an answer.
    private func curl(_ house: House, _ words: String...) throws -> (code: Int32, output: String) {
        let command =
            ["curl", "-sS", "-i", "--max-time", "20", "--cacert", try Self.certificates.get().path("ca.crt")]
            + words + ["https://localhost:\(house.port)/livez"]
        let (code, output) = try Tool.run(command, [UInt8]())
        return (code, String(decoding: output, as: UTF8.self))
    }

    private func dropped(_ house: House, _ what: String, _ reason: String) -> Int64 {
        house.tallies.tally(
            MetricFamily("vitald_dropped_total", .counter, "Help."), [("what", what), ("reason", reason)]
        ).value
    }

    @Test("material that does not fit together is refused by what is wrong with it")
    func material() throws {
        let made = try Self.certificates.get()
        let (certificate, key, other) = try (made.bytes("server.crt"), made.key("server"), made.key("next"))

        #expect(throws: TLSIdentity.Fault.certificate) { try TLSIdentity(certificate: [], key: key) }
        #expect(throws: TLSIdentity.Fault.certificate) {
            try TLSIdentity(certificate: Array("no PEM".utf8), key: key)
        }
        #expect(throws: TLSIdentity.Fault.key) {
            try TLSIdentity(certificate: certificate, key: Secret("no PEM"))
        }
        #expect(throws: TLSIdentity.Fault.pair) { try TLSIdentity(certificate: certificate, key: other) }
        #expect(throws: TLSIdentity.Fault.authorities) {
            try TLSIdentity(certificate: certificate, key: key, clientAuthorities: [])
        }
    }

    @Test("every version from 1.2 on is spoken, none below, and HTTP/1.1 whatever else is offered")
    func versions() throws {
        let house = try House()
        try house.replace(Self.access())

        #expect(try curl(house, "--tls-max", "1.2").output.hasPrefix("HTTP/1.1 200 "))
        #expect(try curl(house, "--tlsv1.3").output.hasPrefix("HTTP/1.1 200 "))
        #expect(try curl(house, "--http2").output.hasPrefix("HTTP/1.1 200 "))
        #expect(
            try curl(house, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0").code == 35,
            "curl's code for a failed handshake")
    }

    @Test("TLS 1.2 is spoken with authenticated encryption and forward secrecy, and with nothing else")
    func suites() throws {
        let house = try House()
        try house.replace(Self.access())
        func handshake(_ suite: String) throws -> String {
            let command = [
                "openssl", "s_client", "-connect", "127.0.0.1:\(house.port)", "-tls1_2", "-cipher",
                suite + ":@SECLEVEL=0",
            ]
            return String(decoding: try Tool.run(command, [UInt8]()).output, as: UTF8.self)
        }

        for suite in [
            "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        ] {
            #expect(try handshake(suite).contains("Cipher is \(suite)"), "\(suite)")
        }
        for suite in [
            "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256", "AES128-SHA",
            "AES256-GCM-SHA384",
        ] {
            let told = try handshake(suite)
            #expect(
                !told.contains("Cipher is \(suite)") && told.contains("Cipher is (NONE)"), "\(suite): \(told)"
            )
        }
    }

    @Test("browsers are told to come back over TLS where that is wanted, and not otherwise")
    func strictTransport() throws {
        let house = try House()
        try house.replace(Self.access(hsts: .seconds(86_400)))
        #expect(try curl(house).output.contains("\r\nStrict-Transport-Security: max-age=86400\r\n"))

        try house.replace(Self.access())
        #expect(try !curl(house).output.contains("Strict-Transport-Security"))
    }

    @Test("handshakes that never come hold nobody up, are cut in their time and counted")
    func slowHandshakes() throws {
        let house = try House { $0.handshakeTime = .milliseconds(400) }
        try house.replace(Self.access())
        let silent = try (0..<50).map { _ in try house.client() }
        #expect(house.reaches { house.server.connections == 50 })

        #expect(try curl(house).output.hasPrefix("HTTP/1.1 200 "))
        for client in silent { #expect(try client.rest() == []) }
        #expect(house.reaches { house.server.connections == 0 })
        #expect(dropped(house, "http_connection", "tls") == 50)
    }

    @Test("handshakes that never come give way to one that does")
    func handshakesGiveWay() throws {
        let house = try House { $0.handshakeTime = .hours(1) }
        var access = try Self.access()
        access.limits.connections = 2
        try house.replace(access)
        let silent = try (0..<2).map { _ in try house.client() }
        #expect(house.reaches { house.server.connections == 2 })

        #expect(try curl(house).output.hasPrefix("HTTP/1.1 200 "))
        #expect(dropped(house, "http_connection", "evicted") == 1)
        #expect(try silent[0].rest() == [])
    }

    @Test("what is no handshake ends the connection, and the pages are not told in plain text")
    func plainText() throws {
        let house = try House()
        try house.replace(Self.access())
        for bytes in [
            "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "\0\0\0\0\0\0\0\0\0\0",
        ] {
            let client = try house.client()
            client.send(bytes + String(repeating: "x", count: 100))
            let answer = try client.rest()
            #expect(!answer.starts(with: "HTTP".utf8))
        }
        #expect(house.reaches { house.server.connections == 0 })
        #expect(dropped(house, "http_connection", "tls") == 3)
    }

    @Test("a new certificate is for new connections, one of before goes on being answered")
    func renewed() throws {
        let house = try House()
        try house.replace(Self.access())
        let held = try TLSClient(port: house.port, authority: Self.certificates.get().path("ca.crt"))
        #expect(try held.get("/livez") == 200)
        #expect(held.certificate == (try Self.certificate("server")))

        try house.replace(Self.access("next"))

        #expect(try held.get("/livez") == 200)
        let new = try TLSClient(port: house.port, authority: Self.certificates.get().path("ca.crt"))
        #expect(try new.get("/livez") == 200)
        #expect(new.certificate == (try Self.certificate("next")))
    }

    @Test("connections in plain text end when TLS is wanted, and those without certificates when these are")
    func outdated() throws {
        let house = try House()
        let plain = try house.client()
        #expect(try plain.get("/livez").status == 200)
        try house.replace(Self.access())
        #expect(try plain.rest() == [])

        let nameless = try TLSClient(port: house.port, authority: Self.certificates.get().path("ca.crt"))
        #expect(try nameless.get("/livez") == 200)
        try house.replace(Self.access(authority: true))
        #expect(throws: (any Error).self) { try nameless.get("/livez") }
        #expect(house.reaches { house.server.connections == 0 })

        #expect(try curl(house).code != 0)
        let made = try Self.certificates.get()
        let answer = try curl(house, "--cert", made.path("client.crt"), "--key", made.path("client.key"))
        #expect(answer.output.hasPrefix("HTTP/1.1 200 "))
    }

    @Test(
        "half a request that came by a way of before is not answered, nor one whose password is being compared"
    )
    func halfway() throws {
        let house = try House()
        let lane = HandLane()
        var logins = HTTPAccess()
        logins.logins = Logins(isWanted: true)
        logins.logins.users["ann"] = try BcryptHash(
            "$2b$04$S306TbzKkmXCIeSJcKQl5eKoMpswNyU0sX6zVTjj53bWLsGsd.e4y")
        try house.replace(logins) { lane.add($0) }
        let (half, waiting) = (try house.client(), try house.client())
        half.send("GET /livez HTTP/1.1\r\nHost: a")
        waiting.send("GET /livez HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YW5uOnJpZ2h0\r\n\r\n")
        // What came before this one's request has been read when it is answered.
        #expect(try house.get("/livez").status == 401)
        #expect(house.reaches { lane.count == 1 })

        try house.replace(Self.access()) { lane.add($0) }
        half.send("\r\n\r\n")
        lane.work()

        #expect(try half.rest() == [])
        #expect(try waiting.rest() == [])
        #expect(house.count("/livez", 200) == 0)
    }

    @Test("over TLS whoever has a certificate writes, and nobody else")
    func writes() throws {
        let house = try House()
        let made = try Self.certificates.get()
        func post(_ words: String...) throws -> String {
            let command =
                ["curl", "-sS", "-i", "--max-time", "20", "--cacert", made.path("ca.crt"), "-X", "POST"]
                + words
                + ["https://localhost:\(house.port)/api/v1/heartbeat/agent"]
            return String(decoding: try Tool.run(command, [UInt8]()).output, as: UTF8.self)
        }
        try house.replace(Self.access())
        #expect(try post().hasPrefix("HTTP/1.1 403 "), "TLS alone tells nobody apart")
        try house.replace(Self.access(authority: true))
        let certificate = ["--cert", made.path("client.crt"), "--key", made.path("client.key")]

        #expect(
            try post(certificate[0], certificate[1], certificate[2], certificate[3]).hasPrefix(
                "HTTP/1.1 200 "))
        let own = "Origin: http://localhost:\(house.port)"
        #expect(
            try post(certificate[0], certificate[1], certificate[2], certificate[3], "-H", own)
                .hasPrefix("HTTP/1.1 403 "), "a page in plain text is another site")
        #expect(house.heartbeats.beats.count == 1)
    }

    @Test("a stream goes over TLS")
    func stream() throws {
        let house = try House()
        try house.replace(Self.access())
        let ca = try Self.certificates.get().path("ca.crt")
        let command = [
            "curl", "-sS", "-N", "--max-time", "20", "--cacert", ca,
            "https://localhost:\(house.port)/api/v1/events",
        ]
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let reader = threads.runIfActive(eventLoop: house.group.next()) { try Tool.run(command, [UInt8]()) }
        let streams = house.tallies.tally(MetricFamily("vitald_http_streams", .gauge, "Help."))
        #expect(house.reaches { streams.value == 1 })
        try house.group.next().submit {
            var report = house.board.report
            report.sequence = 8
            let change = HealthChange(
                sequence: 8, subject: .check("db"), .state(from: .healthy, to: .unhealthy),
                cause: .init(message: "gone"), wall: ReportSample.wall)
            house.board.publish(report, [change])
        }.wait()
        try house.server.drain(within: .seconds(20)).wait()

        let (code, output) = try reader.wait()
        let text = String(decoding: output, as: UTF8.self)
        #expect(code == 0)
        #expect(text.hasPrefix("event: snapshot\nid: e-7\n"), "\(text)")
        #expect(text.contains("\n\nid: e-8\ndata: {\"topic\":\"check\",\"seq\":8,"), "\(text)")
    }

    @Test("the Unix socket is not concerned")
    func unixSocket() throws {
        let path = Tool.scratchPath(".sock")
        defer { unlink(path) }
        let house = try House()
        _ = try house.server.listen(on: SocketAddress(unixDomainSocketPath: path)).wait()
        var access = try Self.access()
        access.logins = Logins(isWanted: true)
        access.hosts = HostList([])
        try house.replace(access)

        #expect(try RawClient(path: path).get("/livez").status == 200)
        #expect(try curl(house).output.contains(" 403 "))
    }
}
