// SPDX-License-Identifier: Apache-2.0

import Judging
import Testing
import Vitals

/// The judge over several checks: changes, numbers, the report, reload.
@Suite("the judge")
struct JudgeTests {
    @Test("without checks all is healthy, ready and started, and says why")
    func noChecks() {
        let report = Court([]).report

        #expect(report.status == .healthy)
        #expect(report.reason == "no checks configured")
        #expect(report.ready)
        #expect(report.started)
        #expect(report.sequence == 0)
        #expect(report.checks.isEmpty)
    }

    @Test("at the start everything is pending: degraded, not ready, not started, nothing has changed")
    func beginning() throws {
        let report = Court(TestCheck.definition("a"), TestCheck.definition("b")).report

        #expect(report.status == .degraded)
        #expect(!report.ready)
        #expect(!report.started)
        #expect(report.sequence == 0)
        #expect(report.generation == 1)
        #expect(report.reason == nil)
        #expect(report.since == TestCheck.wall(0))
        let check = try #require(report.checks.first)
        #expect(check.level == .unknown && check.phase == .pending && check.contribution == .degraded)
        #expect(check.since == nil && check.last == nil && check.runs == [0, 0, 0, 0])
    }

    @Test("each confirmed change has the next number; attempts that confirm nothing have none")
    func sequence() {
        var court = Court(TestCheck.definition("a"), TestCheck.definition("b"))

        let first = court.record("a", "P")
        let second = court.record("b", "P")
        let quiet = court.record("a", "PPFFPFF")
        let fall = court.record("a", "F", reason: "timeout.connect", message: "no answer in 5 s")

        #expect(first.map(\.short) == ["a unknown>healthy"])
        #expect(second.map(\.short) == ["b unknown>healthy", "overall degraded>healthy"])
        #expect(quiet.isEmpty)
        #expect(fall.map(\.short) == ["a healthy>unhealthy", "overall healthy>unhealthy"])
        #expect((first + second + fall).map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(court.report.sequence == 5)
        #expect(fall.map(\.cause.reason) == ["timeout.connect", "timeout.connect"])
        #expect(fall.first?.cause.message == "no answer in 5 s")
        #expect(fall.last?.cause.message == "a is unhealthy: no answer in 5 s")
        #expect(fall.first?.wall == TestCheck.wall(court.now))
    }

    @Test("another text of the same verdict is no change")
    func messageIsNoChange() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "F", message: "no answer in 5.1 s")
        let before = court.report.sequence

        let changes = court.record("a", "F", reason: "timeout.tls", message: "no answer in 5.2 s")

        #expect(changes.isEmpty)
        #expect(court.report.sequence == before)
        #expect(court.check("a")?.last?.message == "no answer in 5.2 s")
    }

    @Test("the report tells everything: counts, streaks, times, reasons, late results")
    func reportIsFull() throws {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "PWFUF", message: "seen")
        court.judge.discardedLate("a")
        court.judge.discardedLate("ghost")

        let check = try #require(court.check("a"))

        #expect(check.runs == [1, 1, 2, 1])
        #expect(check.consecutiveFailures == 2)
        #expect(check.discarded == 1)
        #expect(check.last?.outcome == .fail)
        #expect(check.lastCompleted == TestCheck.at(50))
        #expect(check.lastCompletedWall == TestCheck.wall(50))
        #expect(check.level == .degraded)
        #expect(check.since == TestCheck.wall(50))
        #expect(check.phase == .active)
        #expect(check.contribution == .degraded)
        #expect(court.report.made == TestCheck.at(50))
    }

    @Test("old evidence turns stale with a sentence, and fresh evidence ends it at once")
    func stale() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "P")

        #expect(court.pass(seconds: 35).isEmpty)
        let stale = court.pass(seconds: 1)
        let since = court.check("a")?.since
        let fresh = court.record("a", "P", every: 1)

        #expect(stale.map(\.short) == ["a healthy>stale", "overall healthy>unhealthy"])
        #expect(stale.first?.cause.reason == "stale")
        #expect(stale.first?.cause.message == "no result for 36s, the limit is 35s")
        #expect(stale.last?.cause.message == "a is stale")
        #expect(fresh.map(\.short) == ["a stale>healthy", "overall unhealthy>healthy"])
        #expect(since == TestCheck.wall(10))
    }

    @Test("a check that never completes turns stale, and then the first round is over")
    func neverCompletes() {
        var court = Court(TestCheck.definition("a"))

        #expect(court.pass(seconds: 35).isEmpty)
        #expect(!court.report.started)
        let changes = court.pass(seconds: 1)

        #expect(changes.map(\.short) == ["a unknown>stale", "overall degraded>unhealthy"])
        #expect(changes.first?.cause.message == "no result since the start for 36s, the limit is 35s")
        #expect(court.report.started)
    }

    @Test("a check that vitald asks in vain turns stale, and the sentence says why")
    func staleForOurOwnReasons() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "PUUU", message: "no descriptor is left")

        let changes = court.pass(seconds: 6)

        #expect(changes.first?.cause.message == "no result for 36s, the limit is 35s: no descriptor is left")
    }

    @Test("flapping is told once when it starts and once when it stops")
    func flapping() {
        var court = Court(
            TestCheck.definition("a") {
                $0.fall = 30; $0.warnAfter = 30
            })
        court.record("a", "P")

        let start = court.record("a", String(repeating: "FP", count: 12))
        let stop = court.record("a", String(repeating: "P", count: 40))

        #expect(start.map(\.short) == ["a steady>flapping"])
        #expect(start.first?.cause.reason == "flapping")
        #expect(start.first?.cause.message.hasPrefix("the outcome changed 20 times in 20 steps") == true)
        #expect(stop.map(\.short) == ["a flapping>steady"])
        #expect(court.check("a")?.flapping == false)
    }

    @Test("a check that is switched off is listed, and neither counts nor holds anything up")
    func disabled() throws {
        var court = Court(TestCheck.definition("a"), TestCheck.definition("off") { $0.enabled = false })
        court.record("a", "P")
        let ignored = court.record("off", "F")
        var passed = court.pass(seconds: 20)
        passed += court.record("a", "P")
        passed += court.pass(seconds: 20)

        let report = court.report
        #expect(ignored.isEmpty && passed.isEmpty)
        #expect(report.status == .healthy && report.ready && report.started)
        let off = try #require(report.check(named: "off"))
        #expect(off.level == .unknown && off.contribution == .healthy && off.runs == [0, 0, 0, 0])
        #expect(report.counts.total == 1 && report.counts.disabled == 1 && report.counts.healthy == 1)

        let none = Court(TestCheck.definition("off") { $0.enabled = false }).report
        #expect(none.status == .healthy && none.ready && none.reason == "no checks enabled")
    }

    @Test("the first round is over when every check has been attempted, even where it could not be asked")
    func started() {
        var court = Court([
            JudgedCheck(TestCheck.definition("a")),
            JudgedCheck(TestCheck.definition("b") { $0.startPeriod = .seconds(600) }),
            JudgedCheck(TestCheck.definition("beats"), evidence: .pushes),
        ])

        court.record("a", "U")
        #expect(!court.report.started)
        court.record("b", "F")
        #expect(court.report.started)
        // Once started, always started: a reload that adds a check does not start the daemon again.
        _ = court.replace([JudgedCheck(TestCheck.definition("late"))])
        #expect(court.report.started)
    }

    @Test("draining is not ready, whatever the status, and no change of it")
    func draining() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "P")
        let before = court.report.sequence

        court.judge.drain()

        #expect(!court.report.ready && court.report.draining)
        #expect(court.report.status == .healthy && court.report.sequence == before)
    }

    @Test("a degraded whole is ready, a pending critical check is not, a pending optional one is")
    func readiness() {
        var court = Court(TestCheck.definition("a"), TestCheck.definition("b") { $0.impact = .degrade })
        #expect(!court.report.ready)
        court.record("a", "W")

        #expect(court.report.status == .degraded)
        #expect(court.report.ready)
    }

    @Test("a reload keeps what still asks the same to the last counter, and the rest starts from scratch")
    func reload() throws {
        var court = Court(
            TestCheck.definition("kept"), TestCheck.definition("changed"), TestCheck.definition("gone"))
        court.record("kept", "PFF", message: "before")
        court.record("changed", "P")
        court.record("gone", "F")
        court.judge.discardedLate("kept")
        let before = court.report

        let changes = court.replace([
            JudgedCheck(TestCheck.definition("new") { $0.impact = .info }),
            JudgedCheck(TestCheck.definition("changed") { $0.question = "other" }),
            JudgedCheck(TestCheck.definition("kept")),
        ])

        let report = court.report
        #expect(report.checks.map(\.definition.name) == ["new", "changed", "kept"])
        #expect(report.generation == 2)
        #expect(changes.map(\.short) == ["overall unhealthy>healthy"])
        #expect(report.sequence == before.sequence + 1)
        let kept = try #require(report.check(named: "kept"))
        #expect(kept.runs == [1, 0, 2, 0] && kept.consecutiveFailures == 2 && kept.discarded == 1)
        #expect(kept.level == .healthy && kept.last?.message == "before")
        #expect(kept.since == before.check(named: "kept")?.since)
        #expect(report.check(named: "changed")?.phase == .pending)
        // The streak goes on where it was: this is the third fail.
        #expect(court.record("kept", "F").first?.short == "kept healthy>unhealthy")
        #expect(court.record("gone", "P").isEmpty)
    }

    @Test("a reload to no checks at all says so")
    func reloadToNone() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "F")

        let changes = court.replace([])

        #expect(changes.map(\.short) == ["overall unhealthy>healthy"])
        #expect(changes.first?.cause.message == "no checks enabled")
        #expect(court.report.reason == "no checks configured")
    }

    @Test("maintenance takes a check out of the count and puts it back, told both times")
    func maintenance() {
        var court = Court(TestCheck.definition("a"), TestCheck.definition("b"))
        court.record("a", "F")
        court.record("b", "P")

        let off = court.judge.setMaintenance(true, of: "a", at: TestCheck.at(30), wall: TestCheck.wall(30))
        #expect(off.map(\.short) == ["a service>maintenance", "overall unhealthy>healthy"])
        #expect(court.report.ready && court.check("a")?.maintenance == true)

        let on = court.judge.setMaintenance(false, of: "a", at: TestCheck.at(40), wall: TestCheck.wall(40))
        #expect(on.map(\.short) == ["a maintenance>service", "overall healthy>unhealthy"])
    }

    @Test("after the machine slept, nothing is stale for one round, then yesterday's evidence is")
    func slept() {
        var court = Court(TestCheck.definition("a"))
        court.record("a", "P")

        court.judge.timeJumped(slept: .seconds(3600), at: TestCheck.at(court.now))
        #expect(court.pass(seconds: 15).isEmpty)
        let changes = court.pass(seconds: 1)

        #expect(changes.first?.cause.message == "no result for 3616s, the limit is 35s")
    }

    @Test("counts follow the levels, and old evidence counts as none")
    func counts() {
        var court = Court(
            TestCheck.definition("good"), TestCheck.definition("warned"), TestCheck.definition("bad"),
            TestCheck.definition("waiting"), TestCheck.definition("old"),
            TestCheck.definition("oldOptional") { $0.impact = .degrade })
        court.record("old", "P")
        court.record("oldOptional", "P", every: 0)
        court.now += 30
        court.record("good", "P")
        court.record("warned", "W", every: 0)
        court.record("bad", "F", every: 0)
        _ = court.judge.tick(at: TestCheck.at(50), wall: TestCheck.wall(50))

        let counts = court.report.counts

        // "waiting" has never completed either, and is as old.
        #expect(counts.total == 6 && counts.healthy == 1 && counts.degraded == 2)
        #expect(counts.unhealthy == 3 && counts.unknown == 0)
    }
}
