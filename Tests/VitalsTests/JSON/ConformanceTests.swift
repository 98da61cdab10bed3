// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("JSON: which texts are accepted")
struct ConformanceTests {
    /// The two texts that a reader must accept by the standard and that vitald refuses on purpose.
    private static let repeatedKeys = ["object_duplicated_key", "object_duplicated_key_and_value"]

    @Test("the tables are complete: 95 texts to accept, 188 to refuse, 35 that are free")
    func tablesAreComplete() {
        #expect(ConformanceCase.mustBeAccepted.count == 95)
        #expect(ConformanceCase.mustBeRefused.count == 188)
        #expect(ConformanceCase.freeAndAccepted.count + ConformanceCase.freeAndRefused.count == 35)
        for table in [ConformanceCase.mustBeAccepted, ConformanceCase.mustBeRefused] {
            #expect(Set(table.map(\.name)).count == table.count)
        }
    }

    @Test("93 of the 95 good texts are accepted", arguments: ConformanceCase.mustBeAccepted)
    func accepts(_ example: ConformanceCase) {
        let document = try? JSONDocument(parsing: example.bytes)

        #expect((document == nil) == ConformanceTests.repeatedKeys.contains(example.name))
    }

    @Test("the two good texts that repeat a key are refused for that reason", arguments: repeatedKeys)
    func refusesRepeatedKeys(_ name: String) throws {
        let example = try #require(ConformanceCase.mustBeAccepted.first { $0.name == name })

        let fault = try #require(throws: JSONFault.self) { try JSONDocument(parsing: example.bytes) }

        #expect(fault.what == "the key \"a\" is listed twice")
        #expect(fault.column == 10)
    }

    @Test(
        "all 188 bad texts are refused, with a place inside the text",
        arguments: ConformanceCase.mustBeRefused)
    func refuses(_ example: ConformanceCase) throws {
        let fault = try #require(throws: JSONFault.self) { try JSONDocument(parsing: example.bytes) }

        #expect((0...example.bytes.count).contains(fault.offset))
        #expect(fault.line >= 1 && fault.column >= 1)
        #expect(!fault.what.isEmpty && fault.remedy.hasSuffix("."))
    }

    @Test("free texts of right grammar are accepted", arguments: ConformanceCase.freeAndAccepted)
    func acceptsFree(_ example: ConformanceCase) {
        #expect(throws: Never.self) { try JSONDocument(parsing: example.bytes) }
    }

    @Test(
        "free texts that are no Unicode, or nested too deep, are refused",
        arguments: ConformanceCase.freeAndRefused)
    func refusesFree(_ example: ConformanceCase) {
        #expect(throws: JSONFault.self) { try JSONDocument(parsing: example.bytes) }
    }

    @Test("no text cut off anywhere crashes the reader, and none but lone numbers stays whole")
    func survivesEveryCut() {
        let texts =
            ConformanceCase.mustBeAccepted + ConformanceCase.mustBeRefused.filter { $0.bytes.count < 200 }
        var accepted = 0
        for text in texts {
            for length in 0..<text.bytes.count {
                if (try? JSONDocument(parsing: Array(text.bytes[..<length]))) != nil { accepted += 1 }
            }
        }
        // The whole value before trailing blanks or garbage, and digits of lone numbers: far from all cuts.
        #expect(accepted > 0 && accepted < 60)
    }
}
