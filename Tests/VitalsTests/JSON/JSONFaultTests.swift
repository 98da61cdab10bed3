// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("JSON: what is said about a wrong text")
struct JSONFaultTests {
    private static let sentences: [(text: String, sentence: String, remedy: String)] = [
        ("", "line 1, column 1: the text is empty", "Write a value, at least {}."),
        ("{\n  \"a\": 1,\n}", "line 3, column 1: a comma before the end of the object", "Remove the comma."),
        ("[1,2,]", "line 1, column 6: a comma before the end of the list", "Remove the comma."),
        (
            "{\"a\": 1\n \"b\": 2}",
            "line 2, column 2: expected a comma or the end of the object, found '\"'",
            "Put a comma behind the value before it."
        ),
        (
            "{\"a\": 1 // one\n}", "line 1, column 9: expected a comma or the end of the object, found '/'",
            #"JSON has no comments; write a "//" key instead."#
        ),
        (
            "{'a': 1}", "line 1, column 2: expected a key in double quotes, found '''",
            "JSON knows only double quotes."
        ),
        (
            "{a: 1}", "line 1, column 2: expected a key in double quotes, found 'a'",
            "Put the key in double quotes."
        ),
        ("{\"a\" 1}", "line 1, column 6: expected a colon after the key, found '1'", "Put a colon there."),
        (
            "[True]", "line 1, column 2: expected a value, found 'T'",
            "Write a string in double quotes, a number, true, false, null, a list or an object."
        ),
        ("[012]", "line 1, column 2: a number with a leading zero", "Remove the zero."),
        ("[1.]", "line 1, column 4: a number without digits after its point", "Write for example 1.0."),
        ("\"a\nb\"", "line 1, column 3: a line break inside a string", #"Close the string, or write \n."#),
        ("\"a", "line 1, column 1: a string without its closing quote", "Close it with \"."),
        (
            #""C:\temp\d""#, "line 1, column 9: an unknown escape",
            #"JSON knows \" \\ \/ \b \f \n \r \t \uXXXX; a backslash itself is \\."#
        ),
        (
            "{\"a\":[1,2}", "line 1, column 10: expected a comma or the end of the list, found '}'",
            "Put a comma behind the value before it."
        ),
        ("{} x", "line 1, column 4: more text after the end of the value: 'x'", "Remove what follows."),
        ("{\"a\": [", "line 1, column 8: the text ends inside a list", "Close it with ]."),
        (
            "\u{FEFF}{}", "line 1, column 1: the text begins with a byte order mark",
            "Save it as UTF-8 without BOM."
        ),
    ]

    @Test("the place, the fact and the remedy are named", arguments: sentences)
    func names(_ example: (text: String, sentence: String, remedy: String)) throws {
        let fault = try #require(throws: JSONFault.self) {
            try JSONDocument(parsing: Array(example.text.utf8))
        }

        #expect(fault.description == example.sentence)
        #expect(fault.remedy == example.remedy)
    }

    @Test("32 levels are accepted, 33 are refused, for lists and objects alike")
    func depth() {
        func nested(_ open: String, _ close: String, _ depth: Int) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        #expect(throws: Never.self) { try JSONDocument(parsing: nested("[", "]", 32)) }
        #expect(throws: JSONFault.self) { try JSONDocument(parsing: nested("[", "]", 33)) }
        #expect(throws: Never.self) { try JSONDocument(parsing: nested(#"{"a":"#, "}", 32)) }
        #expect(throws: JSONFault.self) { try JSONDocument(parsing: nested(#"{"a":"#, "}", 33)) }
    }

    @Test("keys that repeat are found in small and large objects, however they are spelled")
    func duplicates() {
        for count in [2, 10, 24, 25, 300] {
            for twin in ["k0", #"\u006b0"#] {
                let keys = (0..<count - 1).map { "\"k\($0)\":1" } + ["\"\(twin)\":2"]
                let text = "{" + keys.joined(separator: ",") + "}"
                let fault = #expect(throws: JSONFault.self) { try JSONDocument(parsing: Array(text.utf8)) }
                #expect(fault?.what == "the key \"k0\" is listed twice")
                #expect(fault?.offset == text.utf8.count - "\"\(twin)\":2}".utf8.count)
            }
        }
    }

    @Test("keys that only look alike are different keys")
    func lookalikes() throws {
        let composed = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        let escaped = #"{"\u00e9":1,"e\u0301":2}"#

        #expect(try JSONDocument(parsing: Array(composed.utf8)).root.count == 2)
        #expect(try JSONDocument(parsing: Array(escaped.utf8)).root.count == 2)
    }

    @Test("ten thousand keys, of which one repeats, are told apart in a moment")
    func manyKeys() {
        let keys = (0..<10_000).map { "\"key\($0)\":0" } + ["\"key77\":1"]
        let clock = ContinuousClock()
        let took = clock.measure {
            _ = #expect(throws: JSONFault.self) {
                try JSONDocument(parsing: Array(("{" + keys.joined(separator: ",") + "}").utf8))
            }
        }
        #expect(took < .seconds(5))
    }

    @Test("where they are collected, repeated keys do not hide what follows, and remarks may repeat")
    func collects() throws {
        let text = #"{"//":1,"a":1,"a":2,"//":2,"b":{"c":1,"\u0063":2,"c":3}}"#
        var duplicates: [JSONFault] = []

        let document = try JSONDocument(parsing: Array(text.utf8), collecting: &duplicates)

        #expect(duplicates.map(\.column) == [15, 39, 50])
        #expect(document.root["a"]?.integer == 1)
        #expect(document.root["b"]?["c"]?.integer == 1)
    }
}
