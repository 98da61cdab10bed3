// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Sampling

@Suite("Regular expressions of other dialects")
struct PatternDialectTests {
    @Test(
        "what POSIX has not is refused with what to write instead, not taken for something else",
        arguments: [
            (#"\d+"#, #"has \d,"#), (#"a\D"#, #"has \D,"#), (#"\bERROR\b \d"#, #"has \d,"#),
            (#"\Afoo"#, #"has \A,"#),
            (#"foo\z"#, #"has \z,"#), (#"a\nb"#, #"has \n,"#), (#"a\tb"#, #"has \t,"#),
            (#"\x41"#, #"has \x,"#),
            (#"\u00e9"#, #"has \u,"#), (#"\pL"#, #"has \p,"#), (#"\Qa.b\E"#, #"has \Q,"#),
            (#"a\Kb"#, #"has \K,"#),
            (#"\h"#, #"has \h,"#), (#"\R"#, #"has \R,"#), (#"\0"#, #"has \0,"#), (#"\\\d"#, #"has \d,"#),
            ("(?i)error", "has a group with (?,"), ("(?:a|b)", "has a group with (?,"),
            ("a(?=b)", "has a group with (?,"), ("(?<!a)b", "has a group with (?,"),
            ("(?P<n>a)", "has a group with (?,"), (".*?x", "has a lazy or possessive repetition"),
            ("a+?", "has a lazy or possessive repetition"), ("a{2}?", "has a lazy or possessive repetition"),
            ("a??", "has a lazy or possessive repetition"), ("a++", "has a lazy or possessive repetition"),
            ("a{2,3}+", "has a lazy or possessive repetition"),
            (#"[\d.]+"#, "has a backslash between brackets"), (#"[^\n]"#, "has a backslash between brackets"),
            (#"[\w-]"#, "has a backslash between brackets"), (#"[a\]b]"#, "has a backslash between brackets"),
            (#"[a\-z]"#, "has a backslash between brackets"),
            ("[:digit:]", "has a class outside of brackets"),
            ("x[:space:]*", "has a class outside of brackets"),
            (#"([a-z]+)-\1!"#, #"refers back (\1)"#), (#"(a)\\\1"#, #"refers back (\1)"#),
            (#"(a|b)\9"#, #"refers back (\9)"#),
        ])
    func refuses(_ pattern: String, _ fact: String) throws {
        let fault = try #require(throws: BytePattern.Fault.self, "\(pattern)") { try BytePattern(pattern) }

        #expect(fault.fact.hasPrefix(fact), "\(pattern): \(fault.fact)")
        #expect(!fault.remedy.isEmpty)
    }

    @Test(
        "what glibc has beside POSIX works as people expect, and what looks like a dialect and is none is taken",
        arguments: [
            (#"\bfoo\b"#, "a foo b", true), (#"\bfoo\b"#, "afoob", false), (#"\w+\s\S"#, "ab c", true),
            (#"^\W$"#, "-", true), (#"^\W$"#, "a", false), (#"\Boo"#, "foo", true), (#"\<f"#, "a foo", true),
            (#"\."#, ".", true), (#"\."#, "a", false), (#"\\n"#, #"\n"#, true), (#"(a)\\1"#, #"a\1"#, true),
            (#"\?\+"#, "?+", true),
            (#"[?+]?"#, "", true), (#"[\\/]"#, #"\"#, true), (#"[\.]"#, ".", true),
            ("[[:digit:]]+", "7", true),
            ("[]a-]", "]", true), ("[^]a]", "b", true), ("[[=a=]b]", "a", true), ("a{2,3}", "aa", true),
            ("a}", "a}", true), (#"\(?x\)?"#, "(x)", true), ("(a|b)?", "c", true), ("^$", "", true),
            ("[(?]", "?", true), ("a*b*", "b", true), ("(a+)?", "", true), ("[:a]", ":", true),
        ])
    func takes(_ pattern: String, _ text: String, _ isFound: Bool) throws {
        #expect(try BytePattern(pattern).matches(Array(text.utf8)) == isFound, "\(pattern)")
    }

    @Test("no pattern crashes it, however it is cut")
    func mutations() {
        let pieces = ["\\", "[", "]", "(", "?", "+", "{", "}", "2", ",", ":", "^", "d", "a", "[:", ":]", "."]
        var state: UInt64 = 7
        for _ in 0..<5000 {
            var pattern = ""
            for _ in 0..<8 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                pattern += pieces[Int(state >> 33) % pieces.count]
            }
            _ = PatternDialect(pattern).problem
        }
    }
}
