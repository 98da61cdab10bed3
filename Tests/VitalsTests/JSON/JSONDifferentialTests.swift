// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("JSON: compared with another reader")
struct JSONDifferentialTests {
    /// Texts that are tried; each is cheap, and python3 is started once for all of them.
    private static let attempts = 6000

    /// Python's reader, made as strict as vitald's: it knows NaN, lets keys repeat, half surrogates pass and
    /// lists nest by default. Compares the value with what vitald wrote after reading the same text.
    private static let script = #"""
        import json, sys
        class Refused(Exception): pass
        def constant(name): raise Refused()
        def pairs(items):
            keys = [k for k, _ in items]
            if len(set(keys)) != len(keys): raise Refused()
            return dict(items)
        def number(text):
            value = float(text)
            return value if abs(value) != float("inf") else None
        def integer(text):
            value = int(text)
            return value if -2**63 <= value < 2**63 else number(text)
        def depth(value):
            # The depth of a text is that of its values plus the list or object that holds nothing.
            if isinstance(value, list): return 1 + max([0] + [depth(v) for v in value])
            if isinstance(value, dict): return 1 + max([0] + [depth(v) for v in value.values()])
            return 0
        def read(raw):
            try:
                text = bytes.fromhex(raw).decode("utf-8")
                value = json.loads(text, parse_constant=constant, object_pairs_hook=pairs,
                                   parse_float=number, parse_int=integer)
                json.dumps(value, ensure_ascii=False).encode("utf-8")
                if depth(value) > 32: raise Refused()
                return True, value
            except (ValueError, Refused, RecursionError):
                return False, None
        bad = 0
        accepted = 0
        for line in open(sys.argv[1]):
            raw, verdict, rewritten = line.rstrip("\n").split(" ")
            ok, value = read(raw)
            accepted += ok
            if ok != (verdict == "1"):
                bad += 1; print("verdict", verdict, bytes.fromhex(raw))
            elif ok and json.loads(bytes.fromhex(rewritten)) != value:
                bad += 1; print("value", bytes.fromhex(raw), bytes.fromhex(rewritten))
        print("accepted", accepted)
        sys.exit(1 if bad else 0)
        """#

    @Test("python3 agrees on thousands of mutated texts: which are JSON, and what they say")
    func agreesWithPython() throws {
        var random = SeededGenerator(seed: 20_261_122)
        let seeds =
            ConformanceCase.mustBeAccepted.map(\.bytes)
            + ConformanceCase.mustBeRefused.map(\.bytes).filter { $0.count < 200 }
            + ConformanceCase.freeAndAccepted.map(\.bytes)
            + [
                Array(
                    #"{"jsonrpc":"2.0","id":7,"method":"push.count","params":{"n":[1,-2.5e3,"\u00e9\\"]}}"#
                        .utf8)
            ]
        var lines: [UInt8] = []
        var accepted = 0
        for i in 0..<JSONDifferentialTests.attempts {
            var text = seeds[i % seeds.count]
            if i >= seeds.count { mutate(&text, seeds, &random) }
            let document = try? JSONDocument(parsing: text)
            if document != nil { accepted += 1 }
            lines += hex(text) + [0x20, document == nil ? 0x30 : 0x31, 0x20]
            lines += hex(document.map { JSONText.rewritten($0.root) } ?? []) + [0x0A]
        }

        let result = try PythonScript.run(JSONDifferentialTests.script, input: lines)

        #expect(result.status == 0, "\(result.output)")
        #expect(result.output == "accepted \(accepted)\n")
        // A test that refuses everything would agree too.
        #expect(accepted > JSONDifferentialTests.attempts / 20)
        #expect(accepted < JSONDifferentialTests.attempts * 19 / 20)
    }

    private func mutate(_ text: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SeededGenerator) {
        let alphabet =
            Array(#"[]{},:"\/bfnrtu0123456789-+.eE trufalsn"#.utf8) + [0xC3, 0xA9, 0xED, 0x80, 0x0A, 0]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...text.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where at < text.count: text.remove(at: at)
            case 1: text.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
            case 2 where at < text.count: text[at] = alphabet.randomElement(using: &random) ?? 0
            case 3:
                // Another whole text in its place: most of these stay JSON.
                let guest = seeds.randomElement(using: &random) ?? []
                if text.first == UInt8(ascii: "[") {
                    text.insert(contentsOf: guest + [UInt8(ascii: ",")], at: 1)
                } else {
                    text = Array("[".utf8) + text + Array("]".utf8)
                }
            default: text = Array(#"{"k":"#.utf8) + text + Array("}".utf8)
            }
        }
    }

    private func hex(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
