// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

/// The words of changes: byte for byte what clients have always read.
@Suite("changes on the wire")
struct ChangeViewTests {
    private static let wall = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private static func text(
        _ transition: HealthChange.Transition, _ subject: HealthChange.Subject = .check("a"),
        reason: Reason? = nil
    ) -> String {
        let change = HealthChange(
            sequence: 7, subject: subject, transition, cause: .init(reason, message: "m", root: "r"),
            wall: wall, mutedBy: "r")
        var writer = JSONWriter()
        writer.object { ChangeView(change).writeMembers(epoch: "e", into: &$0) }
        return writer.text
    }

    @Test(
        "each transition has its two words, and reads back as what it was",
        arguments: [
            (.state(from: .healthy, to: .unhealthy), "healthy", "unhealthy"),
            (.state(from: .pending, to: .degraded), "unknown", "degraded"),
            (.state(from: .unhealthy, to: .stale), "unhealthy", "stale"),
            (.state(from: .stale, to: .pending), "stale", "unknown"),
            (.unmuted(.unhealthy), "suppressed", "unhealthy"),
            (.flappingStarted, "steady", "flapping"), (.flappingStopped, "flapping", "steady"),
            (.maintenanceStarted, "service", "maintenance"), (.maintenanceEnded, "maintenance", "service"),
        ] as [(HealthChange.Transition, String, String)])
    func words(transition: HealthChange.Transition, from: String, to: String) throws {
        let text = Self.text(transition, reason: "stale")

        #expect(
            text
                == #"{"topic":"check","seq":7,"epoch":"e","check":"a","from":"\#(from)","to":"\#(to)","reason":"stale","message":"m","time":"2023-11-14T22:13:20.000Z"}"#
        )
        let view = try #require(ChangeView(reading: JSONDocument(parsing: Array(text.utf8)).root))
        let told: HealthChange.Transition =
            switch transition {
            // The wire has one word for both.
            case .state(.pending, let to): .state(from: .unknown, to: to)
            case .state(let from, .pending): .state(from: from, to: .unknown)
            default: transition
            }
        #expect(view.transition == told && view.subject == .check("a") && view.topic == .check)
        #expect(view.from == from && view.to == to && view.reason == "stale")
    }

    @Test("the overall status has no check and, where nothing explains it, no reason")
    func overall() {
        #expect(
            Self.text(.state(from: .degraded, to: .healthy), .overall)
                == #"{"topic":"status","seq":7,"epoch":"e","from":"degraded","to":"healthy","message":"m","time":"2023-11-14T22:13:20.000Z"}"#
        )
    }

    @Test("words of a later vitald are shown as they are, and mean nothing; what is no change is none")
    func later() throws {
        func read(_ text: String) throws -> ChangeView? {
            ChangeView(reading: try JSONDocument(parsing: Array(text.utf8)).root)
        }

        let odd = try #require(try read(#"{"topic":"check","check":"a","from":"healthy","to":"haunted"}"#))
        #expect(odd.from == "healthy" && odd.to == "haunted" && odd.transition == nil)
        #expect(try read(#"{"topic":"lost","count":3}"#) == nil)
        #expect(try read(#"{"topic":"check","from":"healthy"}"#) == nil)
    }

    @Test("a timeout is known by its code's first word, not by its first letters")
    func timeouts() {
        #expect(Reason.timeout(.tls).isTimeout && Reason("timeout").isTimeout)
        #expect(!Reason("timeouts.many").isTimeout && !Reason("tls.timeout").isTimeout)
        #expect(Reason.timeout(.connect) == "timeout.connect")
    }
}
