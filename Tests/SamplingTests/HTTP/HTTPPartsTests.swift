// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing
import Vitals

@testable import Outbound
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
            return HTTPVerdict.findings(answer, plan, patternFound: nil, took: .zero).map {
                ($0.outcome, $0.reason.code)
            }
        }

        let lacking = try outcomes("")
        let wrong = try outcomes(#", "status": ["204"]"#)

        #expect(lacking.map(\.0) == [.unknown])
        #expect(lacking.map(\.1) == ["inconclusive.resources"])
        #expect(wrong.map(\.1) == ["http.status"])
    }
}
