// SPDX-License-Identifier: Apache-2.0

import Judging
import Testing
import Vitals

/// `dependsOn`: the root cause named, its consequences quiet, everything still measured.
@Suite("dependencies")
struct DependencyTests {
    /// disk ← database ← api ← page
    static func chain(_ change: (inout CheckDefinition) -> Void = { _ in }) -> Court {
        Court(
            ["disk", "database", "api", "page"].enumerated().map { i, name in
                JudgedCheck(
                    TestCheck.definition(name) {
                        $0.fall = 1
                        $0.warnAfter = 1
                        $0.rise = 1
                        $0.dependsOn = i == 0 ? [] : [["disk", "database", "api"][i - 1]]
                        change(&$0)
                    })
            })
    }

    static func allPass(_ court: inout Court) {
        for name in ["disk", "database", "api", "page"] { court.record(name, "P", every: 1) }
    }

    @Test("what fails with its root cause names it, all the way down, and stays quiet")
    func chainFails() {
        var court = Self.chain()
        Self.allPass(&court)

        let root = court.record("disk", "F", every: 1)
        let database = court.record("database", "F", every: 1)
        let page = court.record("page", "F", every: 1)

        #expect(root.map(\.short) == ["disk healthy>unhealthy", "overall healthy>unhealthy"])
        #expect(database.map(\.short) == ["database healthy>unhealthy (disk)"])
        // The api between them still works; the disk explains the page all the same.
        #expect(page.map(\.short) == ["page healthy>unhealthy (disk)"])
        #expect(court.check("disk")?.suppressedBy == nil)
        #expect(court.check("database")?.suppressedBy == "disk")
        #expect(court.check("api")?.suppressedBy == nil)
        #expect(court.check("page")?.suppressedBy == "disk")
        #expect(court.check("page")?.runs == [1, 0, 1, 0])
    }

    @Test("a check that works although its dependency is down is just healthy")
    func worksAnyway() {
        var court = Self.chain()
        Self.allPass(&court)
        court.record("disk", "F", every: 1)

        court.record("database", "P", every: 1)

        #expect(court.check("database")?.suppressedBy == nil)
        #expect(court.check("database")?.contribution == .healthy)
    }

    @Test("a dependency that only warns explains nothing; a stale one does")
    func whatIsDown() {
        var court = Self.chain()
        Self.allPass(&court)
        court.record("disk", "W", every: 1)
        #expect(court.record("database", "F", every: 1).first?.short == "database healthy>unhealthy")

        var other = Self.chain()
        Self.allPass(&other)
        for _ in 0..<5 {
            for name in ["database", "api", "page"] { other.record(name, "P", every: 3) }
            other.pass(seconds: 1)
        }
        #expect(other.check("disk")?.phase == .stale)
        #expect(other.record("database", "F", every: 1).first?.short == "database healthy>unhealthy (disk)")
    }

    @Test(
        "a consequence weighs like its root cause, but what does not work is never healthy",
        arguments: [
            (Impact.critical, Status.unhealthy), (.degrade, .degraded), (.info, .degraded),
        ])
    func weight(impact: Impact, expected: Status) {
        var court = Self.chain { if $0.name == "disk" { $0.impact = impact } }
        Self.allPass(&court)

        court.record("disk", "F", every: 1)
        court.record("database", "F", every: 1)

        #expect(court.check("database")?.contribution == expected)
        #expect(court.report.status == expected)
    }

    @Test("a consequence never weighs more than it would alone")
    func ownImpact() {
        var court = Self.chain { if $0.name != "disk" { $0.impact = .info } }
        Self.allPass(&court)

        court.record("disk", "F", every: 1)
        court.record("database", "F", every: 1)

        #expect(court.check("database")?.contribution == .healthy)
    }

    @Test("when the root is up again, consequences recover quietly")
    func quietRecovery() {
        var court = Self.chain()
        Self.allPass(&court)
        court.record("disk", "F", every: 1)
        court.record("database", "F", every: 1)

        let root = court.record("disk", "P", every: 1)
        let own = court.check("database")
        let recovery = court.record("database", "P", every: 1)
        let again = court.record("database", "F", every: 1)

        // The root is well; the consequence, still failing, now stands for itself in the count.
        #expect(root.map(\.short) == ["disk unhealthy>healthy"])
        #expect(own?.suppressedBy == nil && own?.contribution == .unhealthy)
        #expect(recovery.map(\.short) == ["database unhealthy>healthy (disk)", "overall unhealthy>healthy"])
        #expect(again.map(\.short) == ["database healthy>unhealthy", "overall healthy>unhealthy"])
    }

    @Test("trouble that outlives its root cause is told once, after the attempts its thresholds need")
    func ownTrouble() {
        var court = Self.chain { $0.rise = 3 }
        Self.allPass(&court)
        court.record("disk", "F", every: 1)
        court.record("database", "F", every: 1)
        court.record("disk", "PPP", every: 1)

        let first = court.record("database", "FF", every: 1)
        let third = court.record("database", "F", every: 1)
        let fourth = court.record("database", "FFFF", every: 1)

        #expect(first.isEmpty)
        #expect(third.map(\.short) == ["database suppressed>unhealthy"])
        #expect(fourth.isEmpty)
        #expect(court.record("database", "PPP", every: 1).first?.short == "database unhealthy>healthy")
    }

    @Test("trouble that was told before its root cause was known has its end told, too")
    func toldBefore() {
        var court = Self.chain()
        Self.allPass(&court)
        #expect(court.record("database", "F", every: 1).first?.short == "database healthy>unhealthy")
        court.record("disk", "F", every: 1)
        #expect(court.check("database")?.suppressedBy == "disk")
        court.record("disk", "P", every: 1)

        let recovery = court.record("database", "P", every: 1)

        #expect(recovery.first?.short == "database unhealthy>healthy")
    }

    @Test("going stale after the root recovered is the check's own trouble")
    func staleAfterwards() {
        var court = Self.chain()
        Self.allPass(&court)
        court.record("disk", "F", every: 1)
        court.record("database", "F", every: 1)
        var changes: [HealthChange] = []
        for _ in 0..<5 {
            for name in ["disk", "api", "page"] { changes += court.record(name, "P", every: 3) }
            changes += court.pass(seconds: 1)
        }

        #expect(changes.map(\.short).contains("database unhealthy>stale"))
    }

    @Test("of several causes the deepest of the first named is told")
    func severalCauses() {
        let checks = [
            TestCheck.definition("a") { $0.fall = 1 }, TestCheck.definition("b") { $0.fall = 1 },
            TestCheck.definition("c") {
                $0.fall = 1
                $0.dependsOn = ["b", "a"]
            },
        ]
        var court = Court(checks.map { JudgedCheck($0) })
        for name in ["a", "b", "c"] { court.record(name, "P", every: 1) }
        for name in ["a", "b", "c"] { court.record(name, "F", every: 1) }
        #expect(court.check("c")?.suppressedBy == "b")

        court.record("b", "PP", every: 1)

        #expect(court.check("c")?.suppressedBy == "a")
    }

    @Test("a loop that slipped through neither hangs nor explains itself away")
    func loop() {
        var court = Court(
            TestCheck.definition("a") { $0.dependsOn = ["b"] },
            TestCheck.definition("b") { $0.dependsOn = ["a"] },
            TestCheck.definition("self") { $0.dependsOn = ["self", "ghost"] })

        court.record("a", "F")
        court.record("b", "F")
        court.record("self", "F")

        #expect(court.report.status == .unhealthy)
        #expect(court.check("self")?.suppressedBy == nil)
    }
}
