// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Publishing

@Suite("What is said of handshakes that fail")
struct HandshakeRemarksTests {
    @Test(
        "of handshakes that fail the first is remarked on with its reason, then one each minute with a count")
    func remarks() {
        var remarks = HandshakeRemarks()
        func hear(_ seconds: Int64) -> Int? {
            remarks.hear("why", of: "192.0.2.1", at: Instant(nanoseconds: seconds * 1_000_000_000))?.others
        }

        #expect([100, 101, 130, 159].map(hear) == [0, nil, nil, nil])
        #expect([160, 161].map(hear) == [3, nil])
        #expect(hear(1000) == 1)
    }

    @Test("a client that shows no certificate is told why, one that merely leaves is not worth a word")
    func reasons() throws {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost")
        let heard = Mutex<[HandshakeRemark]>([])
        let house = try House(remark: { remark in heard.withLock { $0.append(remark) } })
        var access = HTTPAccess()
        access.tls = try made.identity(authority: true)
        try house.replace(access)

        _ = try house.client()
        #expect(house.reaches { house.server.connections == 0 })
        #expect(throws: (any Error).self) {
            try TLSClient(port: house.port, authority: made.path("ca.crt")).get("/livez")
        }
        #expect(house.reaches { house.server.connections == 0 })

        #expect(
            heard.withLock { $0 } == [
                HandshakeRemark(client: "127.0.0.1", reason: "peer did not return a certificate", others: 0)
            ])
    }
}
