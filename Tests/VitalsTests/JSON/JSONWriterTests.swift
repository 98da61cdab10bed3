// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("JSON: the writer")
struct JSONWriterTests {
    @Test("commas stand between values and nowhere else, at every depth")
    func commas() {
        var writer = JSONWriter()
        writer.object { w in
            w.member("none", nil as String?)
            w.member(
                "a",
                array: { w in
                    w.integer(1)
                    w.object { _ in }
                    w.array { _ in }
                    w.null()
                })
            w.member("b", object: { $0.member("c", true) })
            w.member("d", 1.5)
            w.key("e")
            w.raw("[1,2]".utf8)
        }
        writer.newline()
        writer.boolean(false)

        #expect(
            writer.text == #"{"a":[1,{},[],null],"b":{"c":true},"d":1.5,"e":[1,2]}"# + "\nfalse")
        writer.removeAll()
        writer.string("x")
        #expect(writer.text == "\"x\"")
    }

    @Test("what is not finite becomes null")
    func notFinite() {
        var writer = JSONWriter()
        writer.array { w in
            w.number(.nan)
            w.number(.infinity)
            w.number(-.infinity)
            w.number(-0.0)
            w.integer(.min)
        }
        #expect(writer.text == "[null,null,null,-0.0,-9223372036854775808]")
    }

    @Test("every character below U+0200, and some beyond, is read back as it was")
    func everyCharacter() throws {
        var text = ""
        for scalar in (0..<0x200).compactMap({ Unicode.Scalar($0 as UInt32) }) {
            text.unicodeScalars.append(scalar)
        }
        for scalar in ["\u{2028}", "\u{FEFF}", "\u{FFFF}", "\u{10FFFF}", "\u{1F600}"] as [Unicode.Scalar] {
            text.unicodeScalars.append(scalar)
        }
        var writer = JSONWriter()
        writer.object { $0.member(text, text) }

        let members = try JSONDocument(parsing: writer.bytes).root.members

        let key = try #require(members.first?.key.string)
        let value = try #require(members.first?.value.string)
        #expect(Array(key.unicodeScalars) == Array(text.unicodeScalars))
        #expect(Array(value.unicodeScalars) == Array(text.unicodeScalars))
        #expect(!writer.bytes.contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test("what a text became when written stays so when read and written again")
    func roundTrip() throws {
        for example in ConformanceCase.mustBeAccepted {
            guard let first = try? JSONDocument(parsing: example.bytes) else { continue }
            let once = JSONText.rewritten(first.root)
            let twice = JSONText.rewritten(try JSONDocument(parsing: once).root)
            #expect(once == twice, "\(example.name)")
        }
    }
}

/// Reading and writing again.
enum JSONText {
    /// The value, written by the writer: numbers that are no finite Double become null.
    static func rewritten(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        write(value, &writer)
        return writer.bytes
    }

    private static func write(_ value: JSONValue, _ writer: inout JSONWriter) {
        switch value.kind {
        case .null: writer.null()
        case .boolean: writer.boolean(value.boolean == true)
        case .number:
            if let integer = value.integer, value.double?.sign == .plus || integer != 0 {
                writer.integer(integer)
            } else {
                writer.number(value.double ?? .nan)
            }
        case .string: writer.string(value.string ?? "")
        case .array: writer.array { w in value.elements.forEach { write($0, &w) } }
        case .object:
            writer.object { w in
                for member in value.members {
                    w.key(member.key.string ?? "")
                    write(member.value, &w)
                }
            }
        }
    }
}
