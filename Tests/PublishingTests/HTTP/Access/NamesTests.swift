// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import NIOSSL
import TestSupport
import Testing
import Vitals

@testable import Publishing

@Suite("Names of hosts, of clients and of users")
struct NamesTests {
    @Test(
        "a Host that is an address or one of the names is accepted, with or without port",
        arguments: [
            "127.0.0.1", "127.0.0.1:9847", "10.1.2.3:80", "[::1]", "[::1]:9847", "[2001:db8::7]:9847",
            "localhost",
            "LocalHost:9847", "localhost:", "127.0.0.1:", "[::1]:", "localhost.", "db1", "DB1.:9847",
            "a.internal", "b.a.internal:1",
        ])
    func accepted(_ host: String) {
        #expect(HostList(["localhost", "db1", "*.Internal"]).accepts(host))
    }

    @Test(
        "any other is not",
        arguments: [
            "evil.example", "evil.example:9847", "localhost.evil.example", "db1.evil.example", "internal",
            "xinternal", "127.0.0.1.evil.example", "1.2.3", "1.2.3.4.5", "1.2.3.4444", "0x7f.0.0.1", "",
            ":9847",
            "[evil.example]", "[]", "[::1", "[::1]evil.example", ".", "db1 ", "db1@evil.example",
            "localhost::", "localhost:x", "localhost:80@evil.example", "localhost:123456", "127.0.0.1:80x",
            "[::1]::", "[::1]:x", "[::1]:123456", "localhost:1:1",
        ])
    func refused(_ host: String) {
        #expect(!HostList(["localhost", "db1", "*.internal"]).accepts(host))
    }

    @Test("a star accepts all of them")
    func any() {
        #expect(HostList(["a", "*"]).accepts("evil.example"))
        #expect(HostList.any.accepts(""))
    }

    @Test("a client's certificate is compared whole with DNS names, addresses, e-mail addresses and URIs")
    func clients() throws {
        let made = try Certificates()
        try made.sign(
            "client",
            for: "DNS:Prometheus.example, IP:192.0.2.7, IP:2001:db8::7, email:ops@example.org, "
                + "URI:spiffe://example.org/prometheus")
        let certificate = try #require(try NIOSSLCertificate.fromPEMFile(made.path("client.crt")).first)

        for name in [
            "prometheus.example", "PROMETHEUS.example", "192.0.2.7", "2001:db8:0::7", "ops@example.org",
            "spiffe://example.org/prometheus",
        ] {
            #expect(ClientNames(["other.example", name]).admit(certificate), "\(name)")
        }
        for name in [
            "example", "client", "*.example", "192.0.2.8", "spiffe://example.org/",
            "spiffe://example.org/prometheus2",
            "xprometheus.example",
        ] {
            #expect(!ClientNames([name]).admit(certificate), "\(name)")
        }
        #expect(ClientNames([]).admit(nil as NIOSSLCertificate?))
        #expect(!ClientNames(["prometheus.example"]).admit(nil as NIOSSLCertificate?))
    }

    private func credentials(_ fields: String...) -> String {
        let found = Credentials(HTTPHeaders(fields.map { ("Authorization", $0) }))
        return switch found {
        case .none: "none"
        case .basic(let user, let password): "basic \(user) \(password.reveal { $0 })"
        case .bearer(let token): "bearer \(token.reveal { $0 })"
        case .unreadable: "unreadable"
        }
    }

    @Test("logins are read as RFC 7617 and RFC 6750 have them")
    func logins() {
        #expect(credentials() == "none")
        #expect(credentials("Basic YW5uOnNlY3JldA==") == "basic ann secret")
        #expect(credentials("bAsIc   YW5uOnNlY3JldA") == "basic ann secret")
        #expect(credentials("Basic YW5uOnNlOmNyZXQ=") == "basic ann se:cret", "the first colon parts them")
        #expect(credentials("Basic Og==") == "basic  ")
        #expect(credentials("Bearer abc.DEF-1") == "bearer abc.DEF-1")
        #expect(credentials("Basic YW5u") == "unreadable", "no colon")
        #expect(credentials("Basic YW5uOnNlY3JldA=") == "unreadable")
        #expect(credentials("Basic YW5uO*NlY3JldA==") == "unreadable")
        #expect(credentials("Basic //86/w==") == "unreadable", "no UTF-8")
        #expect(credentials("Digest username=ann") == "unreadable")
        #expect(credentials("Basic") == "unreadable")
        #expect(credentials("Basic YW5uOnNlY3JldA==", "Bearer abc") == "unreadable", "two of them")
    }
}
