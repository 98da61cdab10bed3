// SPDX-License-Identifier: Apache-2.0

import Judging
import Testing
import Vitals

/// The machine against the reference model: its own vectors, its scenario, and thousands of random lives.
@Suite("the reference model")
struct OracleTests {
    /// Not zero: only differences of time may matter.
    static let origin = Instant(nanoseconds: 987_654_321_000)

    @Test("every random life of a check goes exactly as the model's")
    func lives() throws {
        let lives = try Vectors.read("machine.vectors", letters: false)

        #expect(lives.count >= 10_000)
        var steps = 0
        for (line, life) in lives.enumerated() {
            var machine = CheckMachine(try #require(life.rules.first), started: Self.origin)
            var now = Self.origin
            var answers: [UInt8] = []
            for step in life.steps {
                now = now + Vectors.tenths(step.delta)
                machine.live(step.happening, at: now)
                answers.append(machine.vectorCode)
            }
            steps += answers.count
            try #require(
                answers == life.answers,
                "line \(line + 1) from step \(zip(answers, life.answers).prefix { $0 == $1 }.count + 1) on")
        }
        #expect(steps > 300_000)
    }

    @Test("every random life of several checks adds up exactly as the model's")
    func aggregates() throws {
        let lives = try Vectors.read("aggregate.vectors", letters: true)

        #expect(lives.count >= 1_000)
        for (line, life) in lives.enumerated() {
            var machines = life.rules.map { CheckMachine($0, started: Self.origin) }
            var now = Self.origin
            var answers: [UInt8] = []
            if machines.isEmpty { answers += Self.code(machines) }
            for step in life.steps {
                now = now + Vectors.tenths(step.delta)
                machines[step.check].live(step.happening, at: now)
                answers += Self.code(machines)
            }
            try #require(answers == life.answers, "line \(line + 1)")
        }
    }

    static func code(_ machines: [CheckMachine]) -> [UInt8] {
        let aggregate = Aggregate(machines.map(Aggregate.Part.init))
        let letters: [Status: UInt8] = [
            .healthy: UInt8(ascii: "h"), .degraded: UInt8(ascii: "d"), .unhealthy: UInt8(ascii: "u"),
        ]
        return [letters[aggregate.status] ?? 0, aggregate.ready ? UInt8(ascii: "y") : UInt8(ascii: "n")]
    }

    /// The model's own vectors: outcomes, a change to the defaults, the confirmed level after each.
    static let vectors: [(String, @Sendable (inout CheckDefinition) -> Void, String)] = [
        ("PFFFPP", { _ in }, "HHHUUH"),
        ("PFFPFFPF", { _ in }, "HHHHHHHH"),
        ("F", { _ in }, "U"),
        ("PWWW", { _ in }, "HHHD"),
        ("PW", { $0.warnAfter = 1 }, "HD"),
        ("PFWF", { _ in }, "HHHD"),
        ("PFFFWW", { _ in }, "HHHUUD"),
        ("PFFFWP", { _ in }, "HHHUUD"),
        ("PFFFPWPP", { _ in }, "HHHUUDDH"),
        ("FFFP", { $0.startPeriod = .seconds(60) }, "XXXH"),
        ("PUUUP", { _ in }, "HHHHH"),
    ]

    @Test("the model's own vectors hold", arguments: 0..<vectors.count)
    func ownVectors(index: Int) {
        let (outcomes, change, expected) = Self.vectors[index]
        var machine = TestCheck.machine(change)

        var levels = ""
        for (i, letter) in outcomes.enumerated() {
            machine.record(TestCheck.outcome(letter), at: TestCheck.at(10 * (i + 1)))
            levels += TestCheck.letter(machine.level)
        }

        #expect(levels == expected)
    }

    @Test("the model's scenario holds: starting, optional down, critical down, maintenance, stale, fresh")
    func scenario() {
        var database = TestCheck.machine()
        var files = TestCheck.machine()
        var service = TestCheck.machine { $0.impact = .degrade }
        func whole() -> Aggregate { Aggregate([database, files, service].map(Aggregate.Part.init)) }
        #expect(whole().status == .degraded && !whole().ready)

        database.record(.pass, at: TestCheck.at(1))
        files.record(.pass, at: TestCheck.at(1))
        service.record(.pass, at: TestCheck.at(1))
        #expect(whole().status == .healthy && whole().ready)

        for t in [11, 21, 31] {
            service.record(.fail, at: TestCheck.at(t))
            database.record(.pass, at: TestCheck.at(t))
            files.record(t > 11 ? .warn : .pass, at: TestCheck.at(t))
        }
        #expect(whole().status == .degraded && whole().ready)

        for t in [41, 51, 61] { database.record(.fail, at: TestCheck.at(t)) }
        #expect(whole().status == .unhealthy && !whole().ready)

        database.maintenance = true
        #expect(whole().status == .degraded)
        database.maintenance = false

        database.record(.pass, at: TestCheck.at(71))
        database.record(.pass, at: TestCheck.at(81))
        #expect(database.contribution == .healthy)
        database.tick(at: TestCheck.at(81 + 35))
        #expect(database.contribution == .healthy)
        database.tick(at: TestCheck.at(81 + 35) + .milliseconds(100))
        #expect(database.contribution == .unhealthy)
        database.record(.pass, at: TestCheck.at(130))
        #expect(database.contribution == .healthy)

        var never = TestCheck.machine()
        never.tick(at: TestCheck.at(36))
        #expect(never.contribution == .unhealthy)
    }

    @Test("while flapping, bad news counts at once and good news takes twice as long")
    func flapping() {
        var machine = TestCheck.machine {
            $0.fall = 1
            $0.warnAfter = 1
            $0.rise = 1
        }
        for i in 0..<22 { machine.record(i % 2 == 1 ? .pass : .fail, at: TestCheck.at(10 * i)) }
        #expect(machine.flapping)
        #expect(machine.recentChanges == 20)

        machine.record(.fail, at: TestCheck.at(220))
        var levels = ""
        for i in 23..<26 {
            machine.record(.pass, at: TestCheck.at(10 * i))
            levels += TestCheck.letter(machine.level)
        }

        #expect(levels == "UHH")
    }
}
