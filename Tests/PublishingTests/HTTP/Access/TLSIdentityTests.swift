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

    private func file(_ name: String) throws -> [UInt8] {
        let (code, output) = try Tool.run(["cat", made.path(name)], [UInt8]())
        try #require(code == 0)
        return output
    }

    private func key(_ name: String) throws -> Secret {
        Secret(String(decoding: try file(name), as: UTF8.self))
    }

    @Test("the library's memory of sessions is renewed after so many handshakes, and the certificate stays")
    func renews() throws {
        let identity = try TLSIdentity(certificate: file("server.crt"), key: key("server.key"))
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
}
