// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Testing
import Vitals

@Suite("An https check")
struct HTTPTLSTests {
    private let certificates: WireCertificates

    init() throws { certificates = try WireCertificates.made.get() }

    private func server(_ certificate: String, wantingClients: Bool = false) throws -> WireServer {
        try WireServer(tls: certificates.server(certificate, wantingClients: wantingClients)) { _, _ in
            [.send(WireAnswer.ok())]
        }
    }

    private func bench(
        _ server: WireServer, host: String = "127.0.0.1", _ tls: String = "", trusting: Bool = true,
        readSecret: @escaping @Sendable (String) -> String? = { _ in nil }
    ) throws -> WireBench {
        var keys = trusting ? [#""caFile": "\#(certificates.authority)""#] : []
        if !tls.isEmpty { keys.append(tls) }
        return try WireBench(
            #"""
            {"type": "http", "url": "https://\#(host):\#(server.port)/", "tls": {\#(keys.joined(separator: ", "))}}
            """#, keeping: server, readSecret: readSecret)
    }

    @Test("passes with a good certificate, by address and by name", arguments: ["127.0.0.1", "localhost"])
    func good(_ host: String) throws {
        let server = try server("good")
        let bench = try bench(server, host: host)

        let result = try bench.attempt()

        #expect(result.outcome == .pass, "\(result.message)")
        #expect(result.fact("tls_version") == .text("TLS 1.3"))
        #expect(result.sample("probe_http_ssl") == 1)
        #expect(result.sample("probe_tls_version_info", "TLS 1.3") == 1)
        // 2045-01-01T00:00:00Z; the authority itself ends ten years from now.
        #expect(result.sample("probe_ssl_earliest_cert_expiry") == 2_366_841_600)
        let chain = try #require(result.sample("probe_ssl_last_chain_expiry_timestamp_seconds"))
        #expect(abs(chain - (bench.time.wall.seconds + 3650 * 86_400)) < 86_400)
        #expect(result.phases.contains { $0.phase == .tls && $0.duration > .zero })
    }

    @Test("keeps its connection, and what it knows of the certificate")
    func kept() throws {
        let server = try server("good")
        let bench = try bench(server)

        _ = try bench.attempt()
        let second = try bench.attempt()

        #expect(server.accepted == 1)
        #expect(second.phases.map(\.phase) == [.processing, .transfer])
        #expect(second.sample("probe_ssl_earliest_cert_expiry") == 2_366_841_600)
    }

    @Test(
        "says what is wrong with a refused certificate, and when it ends",
        arguments: [
            ("expired", "tls.expired", "the certificate expired on 2021-01-01", 1_609_459_200.0),
            ("future", "tls.not_yet_valid", "the certificate is valid from 2044-01-01 on", 2_366_841_600),
            ("other", "tls.hostname", "the certificate is not for 127.0.0.1", 2_366_841_600),
            ("expiredother", "tls.expired", "the certificate expired on 2021-01-01", 1_609_459_200),
            ("stranger", "tls.unknown_authority", "the certificate comes from an authority", nil),
            ("strangerother", "tls.hostname", "the certificate is not for 127.0.0.1", nil),
        ])
    func refused(_ name: String, _ reason: String, _ beginning: String, _ expiry: Double?) throws {
        let server = try server(name)
        let bench = try bench(server)

        let result = try bench.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason?.code == reason)
        #expect(result.message.hasPrefix(beginning), "\(result.message)")
        let sample = try #require(result.sample("probe_ssl_earliest_cert_expiry"))
        if let expiry { #expect(sample == expiry) }
        #expect(result.fact("tls_expires_days") != nil)
        #expect(result.sample("probe_tls_version_info") == nil)
        // Twice: refused, and once more to read. Nothing was ever sent.
        #expect(server.accepted == 2)
        #expect(server.requests == [])
        #expect(server.becomesIdle())
    }

    @Test("does not trust a private authority that it was not told of")
    func untold() throws {
        let server = try server("good")

        let result = try bench(server, trusting: false).attempt()

        #expect(result.reason == "tls.unknown_authority")
    }

    @Test("accepts anything where the configuration says so, and still shows when it ends")
    func unverified() throws {
        let server = try server("expiredother")

        let result = try bench(server, #""verify": false"#, trusting: false).attempt()

        #expect(result.outcome == .pass, "\(result.message)")
        #expect(result.sample("probe_ssl_earliest_cert_expiry") == 1_609_459_200)
        #expect(server.requests.count == 1)
    }

    @Test("judges the expiry without verification only where told to")
    func unverifiedExpiry() throws {
        let server = try server("expired")

        let result = try bench(server, #""verify": false, "failExpiry": "1d""#, trusting: false).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "tls.expired")
    }

    @Test("expects the name of `serverName` instead of the host's")
    func serverName() throws {
        let other = try bench(try server("other"), #""serverName": "elsewhere.example""#).attempt()
        let wildcard = try bench(try server("good"), #""serverName": "a.example.com""#).attempt()
        let deeper = try bench(try server("good"), #""serverName": "a.b.example.com""#).attempt()

        #expect(other.outcome == .pass, "\(other.message)")
        #expect(wildcard.outcome == .pass, "\(wildcard.message)")
        #expect(deeper.reason == "tls.hostname")
    }

    @Test("warns and fails when the end is near")
    func expiring() throws {
        let server = try server("soon")
        let warned = try bench(server).attempt()
        let failed = try bench(server, #""failExpiry": "6d""#).attempt()
        let content = try bench(server, #""warnExpiry": "4d", "failExpiry": "1d""#).attempt()

        #expect(warned.outcome == .warn)
        #expect(warned.reason == "tls.expiring")
        #expect(warned.message.hasPrefix("the certificate expires in 4 days, the limit is 14 days (200 in "))
        #expect(warned.fact("tls_expires_days") == .integer(4))
        #expect(failed.outcome == .fail)
        #expect(failed.reason == "tls.expiring")
        #expect(content.outcome == .pass)
    }

    @Test("tells the time that is left by the clock it was given")
    func clock() throws {
        let server = try server("soon")
        let bench = try bench(server)
        bench.time.moveWall(.seconds(6 * 86_400))

        let result = try bench.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "tls.expired")
        #expect(result.fact("tls_expires_days") == .integer(-2))
    }

    @Test("shows its own certificate to a server that wants one")
    func client() throws {
        let server = try server("good", wantingClients: true)
        let directory = certificates.directory
        let key = try #require(TextFile.read("\(directory)/key.pem"))
        let ours = #""certFile": "\#(directory)/good.pem", "keyFile": "\#(directory)/key.pem""#

        let with = try bench(server, ours, readSecret: { _ in key }).attempt()
        let without = try bench(server).attempt()

        #expect(with.outcome == .pass, "\(with.message)")
        #expect(without.outcome == .fail)
        #expect(without.reason == "tls.handshake", "\(without.message)")
    }

    @Test("says so when the server speaks plain text")
    func plain() throws {
        let server = try WireServer(speaksFirst: Array("220 mail.example ESMTP\r\n".utf8)) { _, _ in [] }

        let result = try bench(server).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "tls.handshake")
        #expect(result.message.hasPrefix("the answer is not TLS"), "\(result.message)")
    }

    @Test("still knows the failure when the second handshake hangs")
    func lookHangs() throws {
        let context = try certificates.server("expired")
        // The second connection is accepted and never answered.
        let server = try WireServer(tls: context, tlsConnections: 1) { _, _ in [] }

        let result = try bench(server).attempt(timeout: .milliseconds(1500))

        #expect(result.outcome == .fail)
        #expect(result.reason == "tls.expired", "\(result.message)")
        #expect(server.becomesIdle())
    }

    @Test("says that a renewed certificate and its key do not match, which are still there and readable")
    func halfRenewed() throws {
        let server = try server("good", wantingClients: true)
        let directory = certificates.directory
        let (certificate, key) = ("\(directory)/half.pem", "\(directory)/half.key")
        try TextFile.write(try #require(TextFile.read("\(directory)/good.pem")), certificate)
        let keyText = try #require(TextFile.read("\(directory)/key.pem"))
        try TextFile.write(keyText, key)
        let bench = try bench(
            server, #""certFile": "\#(certificate)", "keyFile": "\#(key)""#, readSecret: { _ in keyText })

        let before = try bench.attempt()
        bench.time.pass(.seconds(60))
        try TextFile.write(try #require(TextFile.read("\(directory)/strangers.pem")), certificate)
        let between = try bench.attempt()

        #expect(before.outcome == .pass, "\(before.message)")
        #expect(between.outcome == .unknown)
        #expect(between.reason == "inconclusive.tls_files")
        #expect(
            between.message
                == "the files tls.certFile and tls.keyFile do not match: the key belongs to another certificate. "
                + "Name the key that belongs to the certificate.")
    }

    @Test("uses a renewed file of authorities without being told")
    func renewed() throws {
        let server = try server("stranger")
        let path = "\(certificates.directory)/renewed.pem"
        try TextFile.write(try #require(TextFile.read(certificates.authority)), path)
        let bench = try WireBench(
            #"{"type": "http", "url": "https://127.0.0.1:\#(server.port)/", "tls": {"caFile": "\#(path)"}}"#)

        let before = try bench.attempt()
        try TextFile.write(
            try #require(TextFile.read("\(certificates.directory)/strangers.pem")) + "\n", path)
        let after = try bench.attempt()

        #expect(before.reason == "tls.unknown_authority")
        #expect(after.outcome == .pass, "\(after.message)")
    }
}
