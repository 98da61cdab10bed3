// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import TestSupport
import Testing
import Vitals

@testable import Publishing

@Suite("The certificate that is served")
struct TLSIdentityTests {
    private let made: Certificates

    init() throws {
        made = try Certificates()
        try made.sign("server", for: "DNS:localhost, IP:127.0.0.1")
    }

    @Test("the library's memory of sessions is renewed after so many handshakes, and the certificate stays")
    func renews() throws {
        let identity = try made.identity()
        for count in 1...3 * TLSIdentity.handshakesPerContext {
            _ = identity.handler()
            #expect(identity.renewals == (count - 1) / TLSIdentity.handshakesPerContext)
        }

        let house = try House()
        var access = HTTPAccess()
        access.tls = identity
        try house.replace(access)
        let client = try TLSClient(port: house.port, authority: made.path("ca.crt"))
        #expect(try client.get("/livez") == 200)
        #expect(client.certificate == (try NIOSSLCertificate.fromPEMFile(made.path("server.crt")).first))
        #expect(identity.renewals == 3)
    }

    private func identity(_ certificate: [UInt8], key: String = "server", ca: String? = nil) throws {
        _ = try TLSIdentity(
            certificate: certificate, key: made.key(key), clientAuthorities: ca.map(made.bytes))
    }

    @Test(
        "what is wrong with a key is told apart: another's, with a passphrase, of a kind that is not known, none"
    )
    func keys() throws {
        try made.shell(
            """
            openssl ec -in server.key -aes128 -passout pass:x -out old.key
            openssl pkcs8 -topk8 -in server.key -passout pass:x -out new.key
            openssl ecparam -name secp256k1 -genkey -noout -out k1.key
            openssl genpkey -algorithm ed25519 -out other.key
            echo rubbish > none.key
            """)
        let certificate = try made.bytes("server.crt")

        for (name, fault) in [
            ("old", TLSIdentity.Fault.passphrase), ("new", .passphrase), ("k1", .keyKind), ("none", .key),
            ("ca", .pair), ("other", .pair),
        ] {
            #expect(throws: fault, "\(name)") { try identity(certificate, key: name) }
        }
    }

    @Test("a chain that begins with the authority is told apart from another's key")
    func order() throws {
        try made.sign("other", for: "DNS:localhost")
        let (server, authority, other) = try (
            made.bytes("server.crt"), made.bytes("ca.crt"), made.bytes("other.crt")
        )

        try identity(server + authority)
        #expect(throws: TLSIdentity.Fault.order) { try identity(authority + server) }
        #expect(throws: TLSIdentity.Fault.order) { try identity(authority + other + server) }
        #expect(throws: TLSIdentity.Fault.pair) { try identity(authority + other) }
    }

    @Test("a file of authorities without one is refused: what it believes would be nobody")
    func leaves() throws {
        try made.shell(
            """
            openssl req -x509 -new -key server.key -subj /CN=own -days 30 -addext basicConstraints=CA:FALSE -out own.crt
            cat server.crt ca.crt > both.crt
            """)
        let certificate = try made.bytes("server.crt")

        #expect(throws: TLSIdentity.Fault.noAuthority) { try identity(certificate, ca: "server.crt") }
        for name in ["ca", "both", "own"] { try identity(certificate, ca: "\(name).crt") }
    }

    @Test("bytes that are no certificate are none")
    func noCertificate() throws {
        for bytes in [[], [0x30], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x02, 0x30, 0x00]] as [[UInt8]]
        {
            #expect(CertificateFields(der: bytes) == nil)
        }
    }

    @Test(
        "keys of every kind serve, and vouch for clients",
        arguments: [Certificates.Keys.p256, .p521, .ed25519])
    func kinds(_ keys: Certificates.Keys) throws {
        let made = try Certificates(keys)
        for name in ["server", "client"] { try made.sign(name, for: "DNS:localhost") }
        var access = HTTPAccess()
        access.tls = try made.identity(authority: true)
        let house = try House()
        try house.replace(access)

        for version in ["1.2", "1.3"] {
            let (code, output) = try Tool.run(
                [
                    "curl", "-sS", "--max-time", "20", "--cacert", made.path("ca.crt"), "--cert",
                    made.path("client.crt"), "--key", made.path("client.key"), "--tls-max", version,
                    "https://localhost:\(house.port)/livez",
                ], [UInt8]())
            #expect(code == 0)
            #expect(String(decoding: output, as: UTF8.self) == "ok\n", "\(keys) \(version)")
        }
    }
}
