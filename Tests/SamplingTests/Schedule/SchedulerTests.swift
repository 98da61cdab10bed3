// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

/// The scheduler with a hand-moved clock.
@Suite("the scheduler")
struct SchedulerTests {
    static let origin = Instant(nanoseconds: 3_000_000_000)

    static func at(_ seconds: Double) -> Instant { origin + .nanoseconds(Int64(seconds * 1e9)) }

    static func check(
        _ name: String, interval: Int64 = 10, _ change: (inout CheckDefinition) -> Void = { _ in }
    ) -> CheckDefinition {
        var definition = CheckDefinition(name: name, type: "tcp")
        definition.interval = .seconds(interval)
        definition.timeout = .milliseconds(interval * 500)
        definition.question = name
        change(&definition)
        return definition
    }

    @Test(
        "first runs are spread over five seconds, the same way every time for a seed, otherwise for another")
    func spread() {
        let checks = (0..<100).map { Self.check("check-\($0)") }
        func firsts(_ seed: UInt64) -> [Instant] {
            checks.map { check in
                let scheduler = Desk(checks: [check], seed: seed, at: Self.origin)
                return scheduler.nextWake(after: Self.origin) ?? .distantPast
            }
        }

        let one = firsts(1)

        #expect(one == firsts(1))
        #expect(one != firsts(2))
        #expect(one.allSatisfy { $0 >= Self.origin && $0 < Self.at(5) })
        // Every second gets its share of the hundred.
        for second in 0..<5 {
            let share = one.count { $0 >= Self.at(Double(second)) && $0 < Self.at(Double(second) + 1) }
            #expect((8...35).contains(share))
        }
    }

    @Test("a check with a short interval runs for the first time within it")
    func spreadOfShortInterval() {
        for i in 0..<50 {
            let scheduler = Desk(checks: [Self.check("c\(i)", interval: 1)], seed: 9, at: Self.origin)
            #expect(scheduler.nextWake(after: Self.origin).map { $0 < Self.at(1) } == true)
        }
    }

    @Test("a day of fifty checks: each runs as often as it should, on its phase, never twice at once")
    func day() throws {
        let checks = (0..<50).map { i in
            Self.check("check-\(i)", interval: [10, 10, 20, 30, 60][i % 5]) { $0.startInterval = .seconds(1) }
        }
        let names = Dictionary(uniqueKeysWithValues: checks.enumerated().map { ($1.name, $0) })
        let scheduler = Desk(checks: checks, seed: 42, at: Self.origin)
        var random: UInt64 = 88_172_645_463_325_252
        var landings = Landings()
        var starts = [[Instant]](repeating: [], count: checks.count)
        var ends = [Instant](repeating: .distantPast, count: checks.count)
        var busiest: [Int64: Int] = [:]
        // Counted, not expected one by one: there are hundreds of thousands of them.
        var overlaps = 0
        var lost = 0
        var now = Self.origin
        let end = Self.at(86_400)

        while true {
            guard let wake = scheduler.nextWake(after: now) else { break }
            let landing = landings.earliest ?? end
            now = min(wake, landing)
            guard now < end else { break }
            while let (flight, at) = landings.pop(until: now) {
                if scheduler.finish(flight, outcome: .pass, at: at) != .counts { lost += 1 }
            }
            for name in scheduler.due(at: now) {
                guard let flight = scheduler.start(name, at: now), let index = names[name] else {
                    lost += 1
                    continue
                }
                if now < ends[index] || scheduler.start(name, at: now) != nil { overlaps += 1 }
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let length = Duration.nanoseconds(
                    Int64(random >> 33) % checks[index].timeout.nanoseconds)
                starts[index].append(now)
                ends[index] = now + length
                landings.add(flight, at: now + length)
                busiest[(now - Self.origin).components.seconds, default: 0] += 1
            }
        }

        #expect(overlaps == 0)
        #expect(lost == 0)
        for (index, check) in checks.enumerated() {
            let interval = check.interval.nanoseconds
            let wanted = 86_400_000_000_000 / interval
            #expect(abs(Int64(starts[index].count) - wanted) <= 1)
            var uneven = 0
            for (before, after) in zip(starts[index], starts[index].dropFirst()) {
                let gap = (after - before).nanoseconds
                if gap < interval * 9 / 10 || gap > interval * 11 / 10 { uneven += 1 }
            }
            #expect(uneven == 0)
            // The phase does not drift: the last run is as far behind the grid as any, less than a tenth.
            let first = try #require(starts[index].first)
            let offset = try #require(starts[index].last).nanoseconds - first.nanoseconds
            #expect(offset % interval < interval / 10)
        }
        // 3 runs a second on average; chance bunches some, nothing bunches all.
        #expect(busiest.values.max().map { $0 <= 20 } == true)
    }

    @Test("jitter puts runs off by up to a tenth of the interval, and not all alike")
    func jitter() {
        let table = Timetable(name: "database", seed: 5, interval: .seconds(10), start: Self.origin)
        let delays = (1...1000).map { k in
            (table.departure(k) - table.base).nanoseconds - k * 10_000_000_000
        }

        #expect(delays.allSatisfy { (0..<1_000_000_000).contains($0) })
        #expect(Set(delays).count > 990)
        let mean = delays.reduce(0, +) / 1000
        #expect((450_000_000...550_000_000).contains(mean))
    }

    @Test(
        "at boot a check that fails runs at its start interval until it has been judged, then at its interval"
    )
    func bootFailing() {
        let driver = Driver([Self.check("database")])

        let starts = driver.run(until: 60, lasting: 0.01) { _ in .fail }

        // Three fails (`fall`) a second apart, then the grid.
        #expect(starts.count == 3 + 5 || starts.count == 3 + 6)
        #expect(gaps(starts).prefix(2).allSatisfy { $0 >= 1 && $0 <= 1.1 })
        #expect(gaps(starts).dropFirst(3).allSatisfy { $0 >= 9 && $0 <= 11 })
    }

    @Test("at boot the first pass ends the start interval")
    func bootPassing() {
        let driver = Driver([Self.check("database")])

        let starts = driver.run(until: 60, lasting: 0.01) { $0 == 2 ? .pass : .fail }

        #expect(gaps(starts)[0] <= 1.1)
        #expect(gaps(starts)[1] >= 5)
        #expect(gaps(starts).dropFirst(2).allSatisfy { $0 >= 9 && $0 <= 11 })
    }

    @Test("inside its start period a check that fails runs at its start interval all the time")
    func startPeriod() {
        let driver = Driver([
            Self.check("database") {
                $0.startPeriod = .seconds(30)
                $0.startInterval = .seconds(2)
            }
        ])

        let starts = driver.run(until: 100, lasting: 0.01) { _ in .fail }

        let within = starts.filter { $0 < 30 }
        #expect((12...15).contains(within.count))
        #expect(gaps(within).allSatisfy { $0 >= 2 && $0 <= 2.2 })
        let after = gaps(starts.filter { $0 > 35 })
        #expect(!after.isEmpty && after.allSatisfy { $0 >= 9 && $0 <= 11 })
    }

    @Test("a check under way is not begun again, and a slow one skips what it missed")
    func singleFlight() throws {
        let scheduler = Desk(
            checks: [Self.check("slow") { $0.timeout = .milliseconds(9_900) }], seed: 1, at: Self.origin)
        let first = try #require(scheduler.nextWake(after: Self.origin))
        let warmUp = try #require(scheduler.start("slow", at: first))
        #expect(scheduler.finish(warmUp, outcome: .pass, at: first) == .counts)
        let second = try #require(scheduler.nextWake(after: first))
        let flight = try #require(scheduler.start("slow", at: second))

        #expect(scheduler.due(at: second + .seconds(10)).isEmpty)
        #expect(scheduler.start("slow", at: second + .seconds(10)) == nil)
        // It lands past the next departure: that one follows now, and nobody calls us late for it.
        let landed = second + .milliseconds(10_300)
        #expect(scheduler.finish(flight, outcome: .pass, at: landed) == .counts)
        let next = try #require(scheduler.nextWake(after: landed))
        #expect(next >= landed && next <= second + .seconds(11))
        #expect(scheduler.lateness(at: landed) == .zero)
    }

    @Test("an attempt that is still out after its deadline is given up once, and lands late")
    func givenUp() throws {
        let scheduler = Desk(checks: [Self.check("hung")], seed: 1, at: Self.origin)
        let first = try #require(scheduler.nextWake(after: Self.origin))
        let flight = try #require(scheduler.start("hung", at: first))
        let over = flight.deadline + Scheduler.landingSlack

        #expect(scheduler.giveUp(at: flight.deadline).isEmpty)
        #expect(scheduler.nextWake(after: first) == over)
        #expect(scheduler.giveUp(at: over) == [flight])
        #expect(scheduler.giveUp(at: over).isEmpty)
        let again = try #require(scheduler.start("hung", at: over))

        #expect(scheduler.finish(flight, outcome: .pass, at: over) == .late)
        #expect(scheduler.finish(again, outcome: .pass, at: over) == .counts)
        #expect(scheduler.finish(again, outcome: .pass, at: over) == .late)
    }

    @Test("lateness is that of the most overdue run, and of an attempt that nobody gives up")
    func lateness() throws {
        let scheduler = Desk(
            checks: (0..<10).map { Self.check("c\($0)") }, seed: 1, at: Self.origin)
        let first = try #require(scheduler.nextWake(after: Self.origin))

        #expect(scheduler.lateness(at: first) == .zero)
        #expect(scheduler.lateness(at: first + .seconds(7)) == .seconds(7))

        let one = Desk(checks: [Self.check("c")], seed: 1, at: Self.origin)
        let start = try #require(one.nextWake(after: Self.origin))
        let flight = try #require(one.start("c", at: start + .seconds(2)))
        #expect(flight.lag == .seconds(2))
        #expect(one.lateness(at: flight.deadline) == .zero)
        #expect(one.lateness(at: flight.deadline + .milliseconds(1500)) == .seconds(1))
        #expect(Desk(checks: [], seed: 1, at: Self.origin).lateness(at: Self.at(1000)) == .zero)
    }

    @Test("after a pause every check runs once within the spread, and nothing is caught up")
    func resume() throws {
        let checks = (0..<60).map { Self.check("check-\($0)") }
        let driver = Driver(checks)
        _ = driver.run(until: 60, lasting: 0.01) { _ in .pass }
        // One is under way when the machine stops.
        let flying = try #require(driver.scheduler.start("check-0", at: Self.at(60)))

        let lost = driver.scheduler.resume(at: Self.at(3600))
        #expect(lost == [flying])
        #expect(driver.scheduler.finish(flying, outcome: .fail, at: Self.at(3600)) == .late)
        #expect(driver.scheduler.lateness(at: Self.at(3600)) == .zero)
        driver.now = Self.at(3600)
        let starts = driver.run(until: 3605, lasting: 0.01) { _ in .pass }

        #expect(starts.count >= 60 && starts.count <= 70)
        for second in 3600..<3605 {
            #expect(starts.count { $0 >= Double(second) && $0 < Double(second + 1) } <= 25)
        }
        let later = driver.run(until: 3665, lasting: 0.01) { _ in .pass }
        #expect((340...380).contains(later.count))
    }

    @Test("a reload keeps the phase and the flight of unchanged checks, and begins the others anew")
    func reload() throws {
        let scheduler = Desk(
            checks: [Self.check("kept"), Self.check("changed"), Self.check("gone")], seed: 1, at: Self.origin)
        let kept = try #require(scheduler.start("kept", at: Self.at(5)))
        let changed = try #require(scheduler.start("changed", at: Self.at(5)))
        let gone = try #require(scheduler.start("gone", at: Self.at(5)))

        scheduler.replace(
            checks: [
                Self.check("new"), Self.check("changed", interval: 20) { $0.question = "other" },
                Self.check("kept"),
            ], at: Self.at(6))

        #expect(scheduler.finish(changed, outcome: .pass, at: Self.at(6)) == .late)
        #expect(scheduler.finish(gone, outcome: .pass, at: Self.at(6)) == .late)
        #expect(scheduler.start("kept", at: Self.at(6)) == nil)
        #expect(scheduler.finish(kept, outcome: .pass, at: Self.at(6)) == .counts)
        #expect(scheduler.start("gone", at: Self.at(6)) == nil)
        #expect(Set(scheduler.due(at: Self.at(11))) == ["new", "changed"])
        let table = Timetable(name: "kept", seed: 1, interval: .seconds(10), start: Self.origin)
        let wakes = (0...3).map { table.departure($0) }
        _ = try #require(scheduler.start("new", at: Self.at(11)))
        _ = try #require(scheduler.start("changed", at: Self.at(11)))
        #expect(scheduler.nextWake(after: Self.at(6)).map { wakes.contains($0) } == true)
    }

    @Test("other thresholds and texts leave times and flights alone; what is under way counts")
    func reloadOfThresholds() throws {
        let scheduler = Desk(checks: [Self.check("a")], seed: 1, at: Self.origin)
        let warmUp = try #require(scheduler.start("a", at: Self.at(5)))
        #expect(scheduler.finish(warmUp, outcome: .pass, at: Self.at(5)) == .counts)
        let due = scheduler.nextWake(after: Self.at(5))
        let other = Self.check("a") {
            $0.description = "text"
            $0.fall = 9
            $0.startPeriod = .seconds(600)
        }

        scheduler.replace(checks: [other], at: Self.at(6))
        #expect(scheduler.nextWake(after: Self.at(6)) == due)
        let flight = try #require(scheduler.start("a", at: due ?? Self.at(15)))
        scheduler.replace(checks: [Self.check("a")], at: flight.started)

        #expect(scheduler.finish(flight, outcome: .pass, at: flight.started) == .counts)
    }

    @Test("another interval brings a run soon, and then its own rhythm; what is under way counts")
    func reloadOfIntervals() throws {
        for (old, new) in [(Int64(3600), Int64(10)), (10, 3600)] {
            let scheduler = Desk(checks: [Self.check("a", interval: old)], seed: 1, at: Self.origin)
            let first = try #require(scheduler.start("a", at: Self.at(5)))
            #expect(scheduler.finish(first, outcome: .pass, at: Self.at(5)) == .counts)

            scheduler.replace(checks: [Self.check("a", interval: new)], at: Self.at(100))
            let due = try #require(scheduler.nextWake(after: Self.at(100)))
            #expect(due - Self.at(100) < .seconds(10))
            let flight = try #require(scheduler.start("a", at: due))
            #expect(flight.deadline - flight.started == .milliseconds(new * 500))
            #expect(scheduler.finish(flight, outcome: .pass, at: due) == .counts)
            let next = try #require(scheduler.nextWake(after: due)) - due
            #expect(next > .seconds(new) / 2 && next < .seconds(new) * 2)
        }
        let scheduler = Desk(checks: [Self.check("a", interval: 3600)], seed: 1, at: Self.origin)
        let flight = try #require(scheduler.start("a", at: Self.at(5)))
        scheduler.replace(checks: [Self.check("a", interval: 10)], at: Self.at(6))
        #expect(scheduler.finish(flight, outcome: .pass, at: Self.at(7)) == .counts)
        #expect(try #require(scheduler.nextWake(after: Self.at(7))) < Self.at(27))
    }

    @Test("an attempt that is let go of is late, and another one may begin at once")
    func abandon() throws {
        let scheduler = Desk(checks: [Self.check("a")], seed: 1, at: Self.origin)
        let flight = try #require(scheduler.start("a", at: Self.at(5)))

        scheduler.abandon("a")
        let next = try #require(scheduler.start("a", at: Self.at(6)))

        #expect(scheduler.finish(flight, outcome: .pass, at: Self.at(6)) == .late)
        #expect(scheduler.finish(next, outcome: .pass, at: Self.at(6)) == .counts)
    }

    @Test("without checks there is nothing to wake up for")
    func empty() {
        #expect(Desk(checks: [], seed: 1, at: Self.origin).nextWake(after: Self.origin) == nil)
    }

    private func gaps(_ starts: [Double]) -> [Double] { zip(starts, starts.dropFirst()).map { $1 - $0 } }

    /// Runs a scheduler whose attempts all last equally long.
    final class Driver {
        let scheduler: Desk
        var now = SchedulerTests.origin

        init(_ checks: [CheckDefinition]) {
            scheduler = Desk(checks: checks, seed: 1, at: SchedulerTests.origin)
        }

        /// The starts in seconds; `outcome` is asked with the number of the run, from 1.
        func run(until end: Double, lasting: Double, _ outcome: (Int) -> Outcome) -> [Double] {
            var starts: [Double] = []
            while let wake = scheduler.nextWake(after: now), wake < SchedulerTests.at(end) {
                now = wake
                for name in scheduler.due(at: now) {
                    guard let flight = scheduler.start(name, at: now) else { continue }
                    starts.append((now - SchedulerTests.origin).seconds)
                    _ = scheduler.finish(
                        flight, outcome: outcome(starts.count),
                        at: now + .nanoseconds(Int64(lasting * 1e9)))
                }
            }
            now = SchedulerTests.at(end)
            return starts
        }
    }

    /// Attempts that will land, soonest first; never more than there are checks.
    struct Landings {
        private var open: [(flight: Flight, at: Instant)] = []

        var earliest: Instant? { open.first?.at }

        mutating func add(_ flight: Flight, at instant: Instant) {
            let place = open.firstIndex { $0.at > instant } ?? open.count
            open.insert((flight, instant), at: place)
        }

        mutating func pop(until now: Instant) -> (Flight, Instant)? {
            guard let first = open.first, first.at <= now else { return nil }
            open.removeFirst()
            return (first.flight, first.at)
        }
    }
}

/// A scheduler behind a reference, so that expectations may call what changes it.
final class Desk {
    private var scheduler: Scheduler

    init(checks: [CheckDefinition], seed: UInt64, at now: Instant) {
        scheduler = Scheduler(checks: checks, seed: seed, at: now)
    }

    func nextWake(after now: Instant) -> Instant? { scheduler.nextWake(after: now) }
    func due(at now: Instant) -> [String] { scheduler.due(at: now) }
    func start(_ check: String, at now: Instant) -> Flight? { scheduler.start(check, at: now) }
    func finish(_ flight: Flight, outcome: Outcome, at now: Instant) -> Landing {
        scheduler.finish(flight, outcome: outcome, at: now)
    }
    func giveUp(at now: Instant) -> [Flight] { scheduler.giveUp(at: now) }
    func lateness(at now: Instant) -> Duration { scheduler.lateness(at: now) }
    func resume(at now: Instant) -> [Flight] { scheduler.resume(at: now) }
    func replace(checks: [CheckDefinition], at now: Instant) { scheduler.replace(checks: checks, at: now) }
    func abandon(_ check: String) { scheduler.abandon(check) }
}
