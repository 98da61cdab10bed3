// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Publishing

@Suite("Fingerprints of secrets")
struct FingerprintTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined()
    }

    @Test(
        "SHA-256 is what openssl makes of it, at every length around the ends of its blocks",
        arguments: [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000])
    func digest(_ length: Int) throws {
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }

        let (code, output) = try Tool.run(["openssl", "dgst", "-sha256", "-r"], message)

        #expect(code == 0)
        #expect(String(decoding: output.prefix(64), as: UTF8.self) == hex(SHA256.digest(message)))
    }

    @Test("HMAC is that of RFC 4231")
    func authenticates() {
        let first = Fingerprint.Maker(key: Array(repeating: 0x0b, count: 20))
        let second = Fingerprint.Maker(key: Array("Jefe".utf8))

        #expect(
            hex(first.authenticate(Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            hex(second.authenticate(Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("parts that read the same side by side have different fingerprints (CVE-2022-46146)")
    func separates() {
        let maker = Fingerprint.Maker()

        #expect(maker("ann", "bob") == maker("ann", "bob"))
        #expect(maker("ann", "bob") != maker("an", "nbob"))
        #expect(maker("ann", "bob") != maker("annbob", ""))
        #expect(maker("ann", "bob") != maker("annbob"))
        #expect(maker("a", "bc") != Fingerprint.Maker()("a", "bc"), "each process has its own key")
    }

    @Test("of remembered ones the oldest is forgotten, and none is counted twice")
    func remembers() {
        let maker = Fingerprint.Maker()
        var prints = RecentSet<Fingerprint>(limit: 3)
        for word in ["a", "b", "b", "c", "d", "e"] { prints.insert(maker(word)) }

        #expect(
            ["a", "b", "c", "d", "e"].map { prints.contains(maker($0)) } == [false, false, true, true, true])
    }
}
