// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import vitald

@Suite("The museum of configurations")
struct MuseumTests {
    @Test("at least forty bad configurations are kept, each with its sentences")
    func isLarge() {
        let names = Museum.names(in: "bad")

        #expect(names.count >= 40)
        for name in names {
            #expect(Museum.isUpdating || Museum.bytes("bad/\(name).expected") != nil, "\(name)")
        }
    }

    @Test("every kind of check has a bad configuration of its own")
    func coversEveryKind() {
        let names = Museum.names(in: "bad")

        for kind in DaemonCatalog.kinds {
            #expect(names.contains { $0.hasPrefix("kind-\(kind.type)-") }, "\(kind.type)")
        }
    }

    @Test("a bad configuration is refused with exactly its sentences", arguments: Museum.names(in: "bad"))
    func refuses(_ name: String) throws {
        let bytes = try #require(Museum.bytes("bad/\(name).json"))

        let refusal = try #require(throws: ConfigurationRefusal.self) { try Museum.read(bytes) }

        let text = refusal.sentences.joined(separator: "\n") + "\n"
        if Museum.isUpdating { return Museum.write(text, to: "bad/\(name).expected") }
        let expected = try #require(Museum.bytes("bad/\(name).expected"))
        #expect(text == String(decoding: expected, as: UTF8.self))
    }

    @Test(
        "every sentence names a place, a fact and a remedy, on one line, and no secret",
        arguments: Museum.names(in: "bad"))
    func sentencesAreWhole(_ name: String) throws {
        let bytes = try #require(Museum.bytes("bad/\(name).json"))

        let refusal = try #require(throws: ConfigurationRefusal.self) { try Museum.read(bytes) }

        for fault in refusal.faults {
            #expect(fault.line != nil)
            #expect(!fault.fact.isEmpty && !fault.fact.hasSuffix("."))
            #expect(!fault.remedy.isEmpty)
            let sentence = fault.description
            #expect(!sentence.utf8.contains { $0 < 0x20 })
            #expect(sentence.utf8.count < 600)
            #expect(sentence.firstRange(of: "CANARY") == nil)
        }
        let lines = refusal.faults.compactMap(\.line)
        #expect(lines == lines.sorted())
    }

    @Test("a configuration with ten faults lists ten sentences")
    func tenFaults() throws {
        let bytes = try #require(Museum.bytes("bad/ten-faults.json"))

        let refusal = try #require(throws: ConfigurationRefusal.self) { try Museum.read(bytes) }

        #expect(refusal.sentences.count == 10)
        #expect(refusal.summary.hasSuffix("(and 9 more)"))
    }

    @Test(
        "a good configuration is accepted, and so is what is printed of it",
        arguments: Museum.names(in: "good"))
    func accepts(_ name: String) throws {
        let bytes = try #require(Museum.bytes("good/\(name).json"))

        let configuration = try Museum.read(bytes)
        let printed = EffectiveConfiguration.text(configuration.effectiveJSON)
        let again = try Museum.read(printed)

        #expect(EffectiveConfiguration.text(again.effectiveJSON) == printed)
        #expect(again.checks.map(\.definition.name) == configuration.checks.map(\.definition.name))
        #expect(printed.firstRange(of: "CANARY") == nil)
        #expect(!configuration.warnings.contains { $0.firstRange(of: "CANARY") != nil })
        for check in configuration.checks {
            #expect(check.definition.target.firstRange(of: "CANARY") == nil)
            #expect(check.definition.fingerprint.firstRange(of: "CANARY") == nil)
        }
    }

    @Test("a file of a hundred thousand faults is refused in time, with a bounded list")
    func manyFaults() throws {
        let keys = (0..<100_000).map { "\"key\($0)\": 1" }.joined(separator: ",\n")

        let refusal = try #require(throws: ConfigurationRefusal.self) { try Museum.read("{\(keys)}") }

        #expect(refusal.faults.count == ConfigurationReading.maximumFaults)
        #expect(refusal.unlisted == 100_000 - ConfigurationReading.maximumFaults)
        #expect(refusal.sentences.last == "and 99800 more faults. Fix these first.")
    }
}
