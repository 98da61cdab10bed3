// SPDX-License-Identifier: Apache-2.0

import Outbound
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

    @Test("a pattern sees bytes beyond a NUL, and lines")
    func pattern() throws {
        let pattern = try BytePattern("^b+$")

        #expect(pattern.matches(Array("a\0\nbbb\nc".utf8)))
        #expect(!pattern.matches(Array("abbb".utf8)))
        #expect(!pattern.matches([]))
        #expect(try BytePattern("^$").matches([]))
    }
}
