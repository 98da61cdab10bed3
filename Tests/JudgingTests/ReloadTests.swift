// SPDX-License-Identifier: Apache-2.0

import Judging
import Testing
import Vitals

/// What a reload leaves alone, and what it starts from scratch.
@Suite("a reload, judged")
struct ReloadTests {
    private typealias Change = (inout CheckDefinition) -> Void

    private static func check(
        _ name: String = "a", asking question: String? = nil, _ change: Change = { _ in }
    ) -> JudgedCheck {
        JudgedCheck(
            TestCheck.definition(name) {
                $0.question = question ?? name
                change(&$0)
            })
    }

    @Test(
        "texts, tags, impact and thresholds keep evidence, streaks, counters and since, and are in force at once"
    )
    func thresholds() throws {
        var court = Court([Self.check(), Self.check("b")])
        court.record("b", "P", every: 0)
        court.record("a", "PWFF", message: "seen")
        court.judge.discardedLate("a")
        let before = try #require(court.check("a"))
        #expect(before.level == .degraded)

        let changes = court.replace([
            Self.check {
                $0.description = "the main one"
                $0.runbook = "https://wiki.example/a"
                $0.tags = ["storage"]
                $0.impact = .degrade
                $0.fall = 5
                $0.rise = 1
                $0.interval = .seconds(20)
                $0.timeout = .seconds(7)
                $0.staleAfter = 9
                $0.startPeriod = .seconds(600)
            }, Self.check("b"),
        ])

        #expect(changes.isEmpty)
        let after = try #require(court.check("a"))
        #expect(after.definition.tags == ["storage"] && after.definition.runbook != nil)
        #expect(after.level == before.level && after.phase == .active && after.since == before.since)
        #expect(after.runs == [1, 1, 2, 0] && after.consecutiveFailures == 2 && after.discarded == 1)
        #expect(after.last?.message == "seen" && after.lastCompleted == before.lastCompleted)
        // Three failures in a row were enough before; now it takes five.
        #expect(court.record("a", "FF").isEmpty)
        #expect(court.record("a", "F").map(\.short) == ["a degraded>unhealthy"])
        // And one pass heals.
        #expect(court.record("a", "P").map(\.short) == ["a unhealthy>healthy", "overall degraded>healthy"])
    }

    @Test("a reload that changes nothing, and another one right behind it, tell nothing and number nothing")
    func nothing() {
        let checks = [Self.check(), Self.check("b"), Self.check("late")]
        var court = Court(checks)
        court.record("a", "PFFF", message: "no answer")
        court.record("b", "PWWW")
        let before = court.report

        #expect(court.replace(checks).isEmpty)
        #expect(court.replace(Array(checks.reversed())).isEmpty)

        let after = court.report
        #expect(after.sequence == before.sequence && after.since == before.since)
        #expect(after.status == before.status && after.ready == before.ready)
        #expect(after.generation == before.generation + 2)
        for name in ["a", "b", "late"] {
            let (old, new) = (before.check(named: name), after.check(named: name))
            #expect(old?.level == new?.level && old?.phase == new?.phase && old?.runs == new?.runs)
        }
    }

    @Test("a healthy check that points elsewhere is shown pending, and the whole stays healthy and ready")
    func pointedElsewhere() throws {
        var court = Court([Self.check(), Self.check("b")])
        court.record("a", "P")
        court.record("b", "P", every: 0)

        #expect(court.replace([Self.check(asking: "other"), Self.check("b")]).isEmpty)

        let check = try #require(court.check("a"))
        #expect(check.phase == .pending && check.level == .unknown && check.runs == [0, 0, 0, 0])
        #expect(check.last == nil && check.since == nil && !check.holdsReadiness)
        #expect(court.report.ready && court.report.status == .healthy && court.report.started)
        #expect(court.report.counts.healthy == 1 && court.report.counts.unknown == 1)
        // Its first result counts in full.
        #expect(court.record("a", "F").map(\.short) == ["a unknown>unhealthy", "overall healthy>unhealthy"])
        #expect(!court.report.ready)
    }

    @Test("one that does not answer where it points now counts once its first result is overdue")
    func overdue() {
        var court = Court([Self.check()])
        court.record("a", "P")
        _ = court.replace([Self.check(asking: "other")])

        #expect(court.pass(seconds: 35).isEmpty)
        #expect(court.report.ready)
        #expect(court.pass(seconds: 1).map(\.short) == ["a unknown>stale", "overall healthy>unhealthy"])
        #expect(!court.report.ready)
    }

    @Test("an added check makes nobody unready, whatever its impact, until it has something to say")
    func added() throws {
        var court = Court([Self.check()])
        court.record("a", "P")

        let changes = court.replace([
            Self.check(), Self.check("new"), Self.check("optional") { $0.impact = .degrade },
            Self.check("slow") { $0.startPeriod = .seconds(60) },
        ])

        #expect(changes.isEmpty && court.report.ready && court.report.status == .healthy)
        #expect(try #require(court.check("new")).phase == .pending)
        // Results that do not count yet, and our own failures to ask, are no evidence.
        #expect(court.record("slow", "FF", every: 1).isEmpty)
        #expect(court.record("new", "U", every: 1).isEmpty)
        #expect(court.report.ready)
        #expect(
            court.record("new", "W", every: 1).map(\.short) == [
                "new unknown>degraded", "overall healthy>degraded",
            ])
        #expect(court.record("optional", "F", every: 1).map(\.short) == ["optional unknown>unhealthy"])
        #expect(court.report.ready)
    }

    @Test("an unhealthy check that points elsewhere does not clear the whole before it has an answer")
    func unhealthyElsewhere() {
        var court = Court([Self.check()])
        court.record("a", "F")

        #expect(court.replace([Self.check(asking: "other")]).isEmpty)
        #expect(court.report.status == .unhealthy && !court.report.ready)
        // Elsewhere once more before the first result: still what it counted for last.
        #expect(court.replace([Self.check(asking: "third")]).isEmpty)
        #expect(court.report.status == .unhealthy)

        #expect(court.record("a", "P").map(\.short) == ["a unknown>healthy", "overall unhealthy>healthy"])
        #expect(court.report.ready)
    }

    @Test("what a check counts for in the meantime obeys its new impact")
    func impact() {
        for (impact, status) in [
            (Impact.critical, Status.unhealthy), (.degrade, .degraded), (.info, .healthy),
        ] {
            var court = Court([Self.check()])
            court.record("a", "F")
            _ = court.replace([Self.check(asking: "other") { $0.impact = impact }])
            #expect(court.report.status == status)
        }
    }

    @Test(
        "a check that was pending at the start still holds readiness and the first round, wherever it points")
    func pendingAtTheStart() {
        var court = Court([Self.check()])

        #expect(court.replace([Self.check(asking: "other")]).isEmpty)
        #expect(!court.report.ready && !court.report.started)
        #expect(court.check("a")?.holdsReadiness == true)
        _ = court.replace([Self.check(asking: "other"), Self.check("new")])
        court.record("a", "P")

        #expect(court.report.ready && court.report.started, "the added check keeps nobody waiting")
    }

    @Test("a shorter interval gives one round to ask before old evidence is stale, and not for ever")
    func shorterInterval() {
        let slow = Self.check { $0.interval = .seconds(300) }
        let fast = Self.check()
        var court = Court([slow])
        court.record("a", "P")
        court.pass(seconds: 100)

        #expect(court.replace([fast]).isEmpty)
        #expect(court.pass(seconds: 15).isEmpty, "one interval and one timeout")
        #expect(court.pass(seconds: 1).map(\.short) == ["a healthy>stale", "overall healthy>unhealthy"])

        var restless = Court([slow])
        restless.record("a", "P")
        restless.pass(seconds: 100)
        var changes: [HealthChange] = []
        for _ in 0..<20 {
            changes += restless.replace([slow])
            changes += restless.replace([fast])
            changes += restless.pass(seconds: 5)
        }
        #expect(changes.first?.short == "a healthy>stale", "reloads keep nothing fresh for ever")
    }

    @Test("a check that is switched off and on again starts from scratch, and makes nobody unready")
    func switchedOff() throws {
        var court = Court([Self.check(), Self.check("b")])
        court.record("a", "F")
        court.record("b", "P", every: 0)

        let off = court.replace([Self.check { $0.enabled = false }, Self.check("b")])
        #expect(off.map(\.short) == ["overall unhealthy>healthy"])
        #expect(try #require(court.check("a")).last == nil)
        #expect(court.replace([Self.check(), Self.check("b")]).isEmpty)

        #expect(court.report.ready && court.check("a")?.phase == .pending)
        #expect(court.record("a", "P").map(\.short) == ["a unknown>healthy"])
    }

    @Test("another type under the same name, and another name, are other checks")
    func otherChecks() throws {
        var court = Court([Self.check(), Self.check("b")])
        court.record("a", "P")
        court.record("b", "P", every: 0)

        let changes = court.replace([
            Self.check { $0.type = "redis" }, Self.check("renamed", asking: "b"),
        ])

        #expect(changes.isEmpty && court.report.ready)
        #expect(try #require(court.check("a")).phase == .pending)
        #expect(court.check("b") == nil && court.check("renamed")?.phase == .pending)
    }

    @Test("a start period that ended is not felt again, and a longer one does not heal what failed in it")
    func startPeriod() {
        var court = Court([Self.check()])
        court.record("a", "F")

        #expect(court.replace([Self.check { $0.startPeriod = .seconds(3600) }]).isEmpty)
        #expect(court.check("a")?.level == .unhealthy && court.check("a")?.phase == .active)

        var healthy = Court([Self.check()])
        healthy.record("a", "P")
        _ = healthy.replace([Self.check { $0.startPeriod = .seconds(3600) }])
        #expect(healthy.record("a", "FFF").first?.short == "a healthy>unhealthy")
    }

    @Test("another dependency explains from now on, and nothing that was told is told again")
    func dependsOn() {
        let database = Self.check("database")
        var court = Court([database, Self.check("api")])
        court.record("database", "F")
        #expect(court.record("api", "F", every: 0).map(\.short) == ["api unknown>unhealthy"])

        let explained = court.replace([database, Self.check("api") { $0.dependsOn = ["database"] }])

        #expect(explained.isEmpty)
        #expect(court.check("api")?.suppressedBy == "database")
        #expect(court.replace([database, Self.check("api")]).isEmpty)
        #expect(court.check("api")?.suppressedBy == nil)
    }

    @Test(
        "maintenance is of the name: a check that points elsewhere stays out of the count, and is not told again"
    )
    func maintenance() {
        var court = Court([Self.check()])
        court.record("a", "F")
        _ = court.judge.setMaintenance(true, of: "a", at: TestCheck.at(20), wall: TestCheck.wall(20))

        #expect(court.replace([Self.check(asking: "other")]).isEmpty)

        #expect(court.check("a")?.maintenance == true)
        #expect(court.report.status == .healthy && court.report.ready)
    }

    @Test("a heartbeat keeps its level over another ttl")
    func beats() {
        func agent(_ description: String) -> JudgedCheck {
            JudgedCheck(TestCheck.definition("agent") { $0.description = description }, evidence: .pushes)
        }
        var court = Court([agent("one")])
        court.record("agent", "P")

        #expect(court.replace([agent("two")]).isEmpty)
        #expect(court.check("agent")?.level == .healthy && court.check("agent")?.runs == [1, 0, 0, 0])
    }
}
