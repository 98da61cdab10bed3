// SPDX-License-Identifier: Apache-2.0

import Judging
import Vitals

/// Short ways to make checks, machines and times in tests.
enum TestCheck {
    static let origin = Instant(nanoseconds: 5_000_000_000_000)

    static func at(_ seconds: Int) -> Instant { origin + .seconds(seconds) }

    static func wall(_ seconds: Int) -> WallTime {
        WallTime(nanoseconds: 1_800_000_000_000_000_000 + Int64(seconds) * 1_000_000_000)
    }

    static func definition(
        _ name: String = "database", _ change: (inout CheckDefinition) -> Void = { _ in }
    ) -> CheckDefinition {
        var definition = CheckDefinition(name: name, type: "tcp")
        definition.question = name
        change(&definition)
        return definition
    }

    static func machine(_ change: (inout CheckDefinition) -> Void = { _ in }) -> CheckMachine {
        CheckMachine(CheckRules(definition("database", change)), started: origin)
    }

    static func beats(_ change: (inout CheckDefinition) -> Void = { _ in }) -> CheckMachine {
        CheckMachine(CheckRules(definition("agent", change), evidence: .pushes), started: origin)
    }

    static func outcome(_ letter: Character) -> Outcome {
        switch letter {
        case "P": .pass
        case "W": .warn
        case "F": .fail
        default: .unknown
        }
    }

    static func letter(_ level: Level) -> String {
        switch level {
        case .healthy: "H"
        case .degraded: "D"
        case .unhealthy: "U"
        case .unknown: "X"
        }
    }
}

/// A judge with a hand-moved clock, counted in seconds from its start.
struct Court {
    var judge: Judge
    var now = 0

    init(_ checks: [JudgedCheck]) {
        judge = Judge(checks: checks, at: TestCheck.at(0), wall: TestCheck.wall(0))
    }

    init(_ definitions: CheckDefinition...) { self.init(definitions.map { JudgedCheck($0) }) }

    /// Records outcomes of a check, one every ten seconds unless told otherwise, and says what changed.
    @discardableResult
    mutating func record(
        _ name: String, _ outcomes: String, every seconds: Int = 10, reason: Reason? = nil,
        message: String = "seen"
    ) -> [HealthChange] {
        var changes: [HealthChange] = []
        for letter in outcomes {
            now += seconds
            let result = ProbeResult(TestCheck.outcome(letter), reason: reason, message: message)
            changes += judge.record(result, of: name, at: TestCheck.at(now), wall: TestCheck.wall(now))
        }
        return changes
    }

    /// Lets seconds pass, with a tick each.
    @discardableResult
    mutating func pass(seconds: Int) -> [HealthChange] {
        var changes: [HealthChange] = []
        for _ in 0..<seconds {
            now += 1
            changes += judge.tick(at: TestCheck.at(now), wall: TestCheck.wall(now))
        }
        return changes
    }

    mutating func replace(_ checks: [JudgedCheck]) -> [HealthChange] {
        judge.replace(checks: checks, at: TestCheck.at(now), wall: TestCheck.wall(now))
    }

    var report: Report { judge.report(at: TestCheck.at(now)) }

    func check(_ name: String) -> CheckReport? { report.check(named: name) }
}

extension HealthChange {
    /// `database healthy>unhealthy`, with the root cause in brackets where there is one.
    var short: String {
        let who =
            switch subject {
            case .overall: "overall"
            case .check(let name): name
            }
        let (from, to) = transition.words
        return "\(who) \(from)>\(to)" + (mutedBy.map { " (\($0))" } ?? "")
    }
}
