// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing
import Vitals

@testable import Sampling

@Suite("The parts of an http check")
struct HTTPPartsTests {
    @Test(
        "a JSON pointer finds what RFC 6901 says it finds",
        arguments: [
            ("/foo", #"["bar", "baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
            ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
        ])
    func pointer(_ text: String, _ value: String) throws {
        // The example of section 5.
        let document = try JSONDocument(
            parsing: Array(
                #"""
                {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6,
                 " ": 7, "m~n": 8}
                """#.utf8))

        let found = try #require(JSONPointer(text)?.value(in: document.root))

        #expect(String(decoding: found.source, as: UTF8.self) == value)
    }

    @Test("a JSON pointer finds nothing where there is nothing")
    func pointerToNothing() throws {
        let document = try JSONDocument(parsing: Array(#"{"a": [1, 2], "b": "text"}"#.utf8))

        for text in [
            "/a/2", "/a/-", "/a/01", "/a/+1", "/a/-1", "/a/99999999999999999999", "/c", "/b/0", "/a/0/0",
        ] {
            #expect(JSONPointer(text)?.value(in: document.root) == nil, "\(text)")
        }
        #expect(JSONPointer("")?.value(in: document.root)?.kind == .object)
        #expect(JSONPointer("a") == nil)
        #expect(JSONPointer("/~") == nil)
    }

    @Test(
        "JSON values are compared by what they mean",
        arguments: [
            ("1", "1.0", true), ("1", "1e0", true), ("1", "2", false), ("1", "\"1\"", false),
            ("9007199254740993", "9007199254740992", false), ("\"\\u0041\"", "\"A\"", true),
            ("true", "false", false),
            ("[1,2]", "[1,2]", true), ("[1,2]", "[2,1]", false), ("[1]", "[1,2]", false),
            (#"{"a":1,"b":[null]}"#, #"{"b":[null],"a":1}"#, true), (#"{"a":1}"#, #"{"a":1,"b":2}"#, false),
            (#"{"a":1}"#, #"{"b":1}"#, false), ("null", "null", true), ("null", "false", false),
        ])
    func meaning(_ a: String, _ b: String, _ same: Bool) throws {
        let first = try JSONDocument(parsing: Array(a.utf8)).root
        let second = try JSONDocument(parsing: Array(b.utf8)).root

        #expect(first.means(second) == same)
        #expect(second.means(first) == same)
    }

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

    @Test("a pattern sees bytes beyond a NUL, and lines")
    func pattern() throws {
        let pattern = try BytePattern("^b+$")

        #expect(pattern.matches(Array("a\0\nbbb\nc".utf8)) == true)
        #expect(pattern.matches(Array("abbb".utf8)) == false)
        #expect(pattern.matches([]) == false)
        #expect(try BytePattern("^$").matches([]) == true)
    }

    @Test("what cannot be searched is not called a text without the pattern")
    func unsearched() throws {
        let pattern = try BytePattern("a")
        let byte = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        defer { byte.deallocate() }

        // More than the C library can count; none of it is looked at.
        let found = pattern.matches(UnsafeRawBufferPointer(start: byte, count: 1 << 31))

        #expect(found == nil)
        #expect(pattern.matches([0x61]) == true, "it is compiled anew")
    }

    @Test("a pattern that could not be looked for makes an answer unknown, unless something else is wrong")
    func patternWithoutMemory() throws {
        func outcomes(_ keys: String) throws -> [(Outcome, String)] {
            let json = #"{"type": "http", "url": "http://h/", "expect": {"bodyMatches": "ok"\#(keys)}}"#
            let check = try #require(WireBench.read(json).kind as? HTTPCheck)
            let plan = HTTPPlan(check, try #require(check.place))
            let answer = HTTPAnswer(HTTPResponseHead(version: .http1_1, status: .ok))
            return HTTPVerdict.findings(answer, plan, took: .zero).map { ($0.outcome, $0.reason.code) }
        }

        let lacking = try outcomes("")
        let wrong = try outcomes(#", "status": ["204"]"#)

        #expect(lacking.map(\.0) == [.unknown])
        #expect(lacking.map(\.1) == ["inconclusive.resources"])
        #expect(wrong.map(\.1) == ["http.status"])
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
