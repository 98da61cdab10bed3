// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Outbound

@Suite("The parts of calls to others")
struct PartsTests {
    @Test("Base64 is as RFC 4648 has it, section 10")
    func base64() {
        for (text, encoded) in [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64Text.encode(Array(text.utf8)) == encoded)
        }
        #expect(Base64Text.encode([0xFB, 0xFF]) == "+/8=")
    }

    @Test("a certificate vouches for its names, and a star for one label only")
    func names() {
        let certificate = CertificateFacts(
            notBefore: 0, notAfter: 0,
            names: [.dns(Array("*.example.com".utf8)), .dns(Array("plain".utf8)), .address([10, 0, 0, 1])])

        for host in ["a.example.com", "A.Example.COM", "a.example.com.", "plain", "10.0.0.1"] {
            #expect(certificate.vouches(for: host), "\(host)")
        }
        for host in ["example.com", ".example.com", "a.b.example.com", "10.0.0.2", "plain.x", "aexample.com"]
        {
            #expect(!certificate.vouches(for: host), "\(host)")
        }
    }

    @Test("link-local addresses are told from all others")
    func linkLocal() throws {
        for text in ["169.254.0.1", "169.254.169.254", "fe80::1", "febf::1", "::ffff:169.254.169.254"] {
            #expect(HostText.isLinkLocal(try #require(HostText.addressBytes(text))), "\(text)")
        }
        for text in [
            "169.253.255.255", "169.255.0.0", "fec0::1", "fe00::1", "::1", "127.0.0.1", "::ffff:10.0.0.1",
        ] {
            #expect(!HostText.isLinkLocal(try #require(HostText.addressBytes(text))), "\(text)")
        }
    }

    @Test("a body is unpacked alike however it is cut into pieces")
    func pieces() throws {
        // printf 'hello hello hello' | gzip -n
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57,
            0xc8, 0x40, 0x90, 0x00, 0x80, 0x88, 0xf9, 0xe5, 0x11, 0x00, 0x00, 0x00,
        ]
        for size in 1...packed.count {
            var reader = BodyReader(BodyReader.Coding(["gzip"]))
            for start in stride(from: 0, to: packed.count, by: size) {
                #expect(reader.append(Array(packed[start..<min(start + size, packed.count)])) == .more)
            }
            #expect(reader.bytes == Array("hello hello hello".utf8), "pieces of \(size)")
            #expect(!reader.isBroken)
        }
    }

    @Test("a body of exactly the bound is whole, and one byte more is not")
    func bound() {
        var whole = BodyReader(.identity)
        var more = BodyReader(.identity)

        #expect(whole.append([UInt8](repeating: 1, count: BodyReader.bound)) == .more)
        #expect(more.append([UInt8](repeating: 1, count: BodyReader.bound)) == .more)
        #expect(more.append([2]) == .full)

        #expect(!whole.isTruncated)
        #expect(more.isTruncated)
        #expect(more.bytes.count == BodyReader.bound)
    }
}
