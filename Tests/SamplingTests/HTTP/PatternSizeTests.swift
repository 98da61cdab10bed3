// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Sampling

@Suite("regular expressions, measured before they are compiled")
struct PatternSizeTests {
    @Test(
        "bombs are refused, whatever they are made of",
        arguments: [
            "(a*){20000}", "(a?){1,5000}", "((a{1,255}){1,255}){1,3}", "(a{1,255}){1,255}", "a{,2000}",
            "a{1500,}",
            "(abcdefghij){101}", "([]a{}()]*){700}", "(\\(a{30}){40}", "(a|b{50}|c){30}", "a{40}{40}",
            "[[:alpha:]]{1200}",
            "(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+", "x{99999999999999999999}",
        ])
    func refused(_ pattern: String) throws {
        let fault = #expect(throws: BytePattern.Fault.self) { try BytePattern(pattern) }

        #expect(
            fault?.fact.contains(" positions when its repetitions are written out, and 1000 is the most")
                ?? false)
        #expect(fault?.remedy.hasPrefix("Write smaller numbers in {…}") ?? false)
    }

    @Test("groups within groups have an end, for the compiler calls itself")
    func deep() {
        let pattern = String(repeating: "(", count: 60) + "a" + String(repeating: ")", count: 60)

        #expect(PatternSize(pattern).excess == "has groups within groups, 60 deep")
    }

    @Test(
        "what people write is accepted",
        arguments: [
            "took [0-9]{4,} ms", "([0-9]{1,3}\\.){3}[0-9]{1,3}",
            "^(ERROR|FATAL)[[:space:]]+.*(timeout|refused)$",
            "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "[^]}]+", "a\\{5000\\}", "[{5000}]", "(.{1,80},){5}",
            String(repeating: "x", count: 1024), String(repeating: "a+", count: 512), "()", "a{0}", "(a|)",
        ])
    func accepted(_ pattern: String) throws { _ = try BytePattern(pattern) }

    @Test(
        "where the search would have to remember too much it is refused",
        arguments: [
            ("x.*a.{40}b", 40), ("x.+a[^b]{9}", 9), ("x.{0,200}a.{40}b", 40), ("x.*a(.b){40}", 40),
            ("(a.{40}|.)*b", 40), ("x[ab]*(c|a(.{3}){5})", 15),
        ])
    func remembering(_ pattern: String, _ window: Int) {
        #expect(PatternSize(pattern).window == window)
        #expect(
            PatternSize(pattern).excess
                == "counts . or [^…] up to \(window) times behind a repetition of any length, and 8 is the most"
        )
    }

    @Test(
        "what needs no memory is accepted",
        arguments: [
            "x.*a.{8}b", "a.{40}b", "^.{3,40}.*b", "id=.*[0-9a-f]{32}", "a.*b|c.{40}d", ".*(foo|bar){20}",
            "([^,]*,){5}",
        ])
    func forgetful(_ pattern: String) throws { _ = try BytePattern(pattern) }

    @Test(
        "what a search wrote down is let go of: a pattern is compiled anew after a kilobyte, and finds the same"
    )
    func compiledAnew() throws {
        let pattern = try BytePattern("took [0-9]{4,} ms")
        let text = Array((String(repeating: "x", count: 116) + "took 1234 ms").utf8)
        var counts: [Int] = []

        for _ in 0..<17 {
            #expect(pattern.matches(text) == true)
            counts.append(pattern.compilations)
        }

        #expect(text.count == 128 && BytePattern.mostSearched == 1024)
        #expect(counts == Array(repeating: 1, count: 8) + Array(repeating: 2, count: 8) + [3])
        #expect(pattern.matches([UInt8](repeating: 0x78, count: 4096)) == false)
        #expect(pattern.matches([]) == false && pattern.compilations == 4)
    }

    @Test(
        "positions are counted as the compiler writes them out",
        arguments: [
            ("abc", 3), ("a{3}", 3), ("a{2,5}", 8), ("a{,5}", 10), ("a{3,}", 5), ("a+", 3), ("a*b?", 4),
            ("(ab)", 3),
            ("(ab){4}", 12), ("[]x-z[:digit:]]{2}", 2), ("\\[a{2}", 3), ("a{x", 3), ("(a", 1),
        ])
    func counted(_ pattern: String, _ positions: Int) {
        #expect(PatternSize(pattern).positions == positions)
    }
}
