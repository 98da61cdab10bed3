// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing
import Vitals

@testable import vitald

@Suite("lines of changes")
struct ChangeLinesTests {
    private func change(
        _ transition: HealthChange.Transition, _ subject: HealthChange.Subject = .check("db"),
        message: String = "no answer", root: String? = nil
    ) -> HealthChange {
        HealthChange(
            sequence: 4, subject: subject, transition,
            cause: .init("timeout.connect", message: message, root: root), wall: WallTime(nanoseconds: 0))
    }

    @Test(
        "the priority follows the state that a check comes to",
        arguments: [
            (.state(from: .healthy, to: .unhealthy), .error, "db is unhealthy, was healthy: no answer"),
            (.state(from: .healthy, to: .stale), .error, "db is stale, was healthy: no answer"),
            (.state(from: .healthy, to: .degraded), .warning, "db is degraded, was healthy: no answer"),
            (.state(from: .stale, to: .healthy), .notice, "db is healthy, was stale: no answer"),
            (.state(from: .pending, to: .healthy), .notice, "db is healthy: no answer"),
            (.unmuted(.unhealthy), .error, "db is unhealthy, was suppressed: no answer"),
            (.flappingStarted, .warning, "db is flapping, was steady: no answer"),
            (.flappingStopped, .notice, "db is steady, was flapping: no answer"),
            (.maintenanceStarted, .notice, "db is maintenance, was service: no answer"),
        ] as [(HealthChange.Transition, JournalEntry.Priority, String)])
    func priorities(
        transition: HealthChange.Transition, priority: JournalEntry.Priority, sentence: String
    ) throws {
        let entry = try #require(ChangeLines.entries([change(transition)], Report()).first)

        #expect(entry.priority == priority && entry.message == sentence)
        let isFlap = transition == .flappingStarted || transition == .flappingStopped
        #expect(entry.event == (isFlap ? .checkFlapping : .checkChanged))
    }

    @Test("what a root cause explains is a notice that names it, and carries the overall status along")
    func explained() throws {
        let entries = ChangeLines.entries(
            [
                change(.state(from: .healthy, to: .unhealthy), root: "disk"),
                change(.state(from: .healthy, to: .degraded), .overall, message: "db is unhealthy"),
            ], Report())

        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry.priority == .notice)
        #expect(
            entry.message
                == "db is unhealthy, was healthy: no answer (explained by disk); overall status is degraded, was healthy"
        )
        let fields = Dictionary(entry.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
        #expect(fields["VITALD_SUPPRESSED_BY"] == "disk" && fields["VITALD_OVERALL"] == "degraded")
        #expect(fields["VITALD_STATUS"] == "unhealthy" && fields["VITALD_PREVIOUS"] == "healthy")
        #expect(fields["VITALD_REASON"] == "timeout.connect" && fields["VITALD_SEQUENCE"] == "4")
    }
}
