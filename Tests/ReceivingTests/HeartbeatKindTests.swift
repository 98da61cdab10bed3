// SPDX-License-Identifier: Apache-2.0

import Receiving
import Testing
import Vitals

@Suite("the heartbeat kind")
struct HeartbeatKindTests {
    /// Reads a check's own keys, and gives the faults as sentences.
    static func read(_ json: String) throws -> (kind: HeartbeatKind, faults: [String], effective: String) {
        let document = try JSONDocument(parsing: Array(json.utf8))
        let reading = ConfigurationReading(surroundings: .none)
        var object = ConfigurationObject(document.root, path: "checks[0]", reading: reading)
        let kind = HeartbeatKind(reading: &object)
        object.finish()
        return (
            kind, reading.faults.map(\.description), String(decoding: object.effectiveJSON, as: UTF8.self)
        )
    }

    @Test("every key has a default")
    func defaults() throws {
        let (kind, faults, effective) = try Self.read("{}")

        #expect(kind == HeartbeatKind(ttl: .seconds(60)))
        #expect(faults.isEmpty)
        #expect(effective == #"{"ttl":"1m"}"#)
        #expect(kind.target.description == "a beat every 1m")
    }

    @Test("ttl and binding are read")
    func both() throws {
        let (kind, faults, _) = try Self.read(#"{"ttl":"25h","bind":"connection"}"#)

        #expect(kind == HeartbeatKind(ttl: .seconds(25 * 3600), binding: .connection))
        #expect(faults.isEmpty)
        #expect(kind.target.description == "a beat every 25h, bound to the connection")
    }

    @Test("what cannot be meant is told with place, fact and remedy")
    func faults() throws {
        let (_, faults, _) = try Self.read(#"{"ttl":"200ms","bind":"process","tll":"1s"}"#)

        #expect(
            faults == [
                "line 1: checks[0].ttl: 200ms is too short, the least is 1s. Raise it, or remove the line to get 1m.",
                "line 1: checks[0].bind: \"process\" is not known. Write \"connection\", or remove the line to go by the ttl alone.",
                "line 1: checks[0].tll: unknown key. Did you mean `ttl`?",
            ])
    }

    @Test("the catalog has every kind once, under its configured word")
    func catalog() {
        let words = ReceivingCatalog.all.map { $0.type }

        #expect(words == ["heartbeat", "pushed"])
        #expect(Set(words).count == words.count)
    }
}
