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
