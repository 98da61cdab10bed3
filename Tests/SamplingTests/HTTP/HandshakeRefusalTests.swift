// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Outbound
@testable import Sampling

@Suite("Why a handshake was refused")
struct HandshakeRefusalTests {
    private func failure(_ certificate: CertificateFacts) -> ProbeFailure {
        ProbeFailure(
            .handshake(HandshakeFailure(refusal: .chain, presented: [certificate], findings: nil)),
            Dial.Plan(endpoint: .network(host: "h", port: 443), tls: TLSSettings()),
            at: WallTime(nanoseconds: 1_800_000_000 * 1_000_000_000))
    }

    @Test("a certificate of beyond 2262 is not one of long ago")
    func far() {
        let early = failure(CertificateFacts(notBefore: 20_000_000_000, notAfter: 40_000_000_000))
        let late = failure(CertificateFacts(notBefore: -40_000_000_000, notAfter: -20_000_000_000))

        #expect(early.reason == "tls.not_yet_valid")
        #expect(early.message.hasPrefix("the certificate is valid from 2262-04-11 on"), "\(early.message)")
        #expect(late.reason == "tls.expired")
        #expect(late.message.hasPrefix("the certificate expired on 1677-09-2"), "\(late.message)")
    }
}
