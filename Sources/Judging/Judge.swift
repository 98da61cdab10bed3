// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Weighs the results of all checks, in the order of the configuration, and says what confirmed change each led
/// to. A value: the clock comes in with each call, the report goes out whole.
///
/// **Dependencies.** A check that is in trouble while something it depends on (`dependsOn`, directly or not) is
/// down, unhealthy or stale, is *suppressed by* that root cause: it is still measured and shown, its changes
/// carry the root's name so that nobody is woken twice, and it weighs like its root (`Standing.contribution`).
/// When the root is up again, the check has as many attempts to recover as its thresholds need to tell; if it is
/// still in trouble then, one change from `suppressed` says so.
package struct Judge: Sendable {
    /// Looked at by index: an element that is handed on is copied, with all it refers to.
    var standings: [Standing]
    private var indices: [String: Int]
    private var order: DependencyOrder
    private var sequence: UInt64 = 0
    private var generation: UInt64 = 1
    private var draining = false
    private var started = false
    private var status = Status.healthy
    private var statusSince: WallTime

    /// A judge of these checks, none of which has any evidence yet.
    package init(checks: [JudgedCheck], at now: Instant, wall: WallTime) {
        standings = checks.map { Standing($0, at: now) }
        indices = Self.index(standings)
        order = DependencyOrder(checks.map(\.definition))
        statusSince = wall
        status = aggregate.status
        started = standings.allSatisfy(\.firstRoundDone)
    }

    /// Weighs one completed attempt of a check; results of checks that are unknown or switched off are ignored.
    package mutating func record(
        _ result: ProbeResult, of name: String, at now: Instant, wall: WallTime
    ) -> [HealthChange] {
        guard let index = indices[name], standings[index].enabled else { return [] }
        return changes(at: now, wall: wall) { judge in
            judge.standings[index].note(result, at: now, wall: wall)
            judge.standings[index].machine.record(result.outcome, definitive: result.definitive, at: now)
            if result.outcome != .unknown, let left = judge.standings[index].muting?.attemptsLeft {
                judge.standings[index].muting?.attemptsLeft = left - 1
            }
        }
    }

    /// Lets time pass: notices evidence that has grown too old. Call it every second.
    package mutating func tick(at now: Instant, wall: WallTime) -> [HealthChange] {
        changes(at: now, wall: wall) { judge in
            for index in judge.standings.indices where judge.standings[index].enabled {
                judge.standings[index].machine.tick(at: now)
            }
        }
    }

    /// Judges another configuration from now on. A check that still asks the same keeps everything it has (level,
    /// streaks, counters, last result), by its new thresholds; an added one and one that asks something else start from
    /// scratch, and count for the whole only from their first evidence on (`Standing.Interim`).
    package mutating func replace(checks: [JudgedCheck], at now: Instant, wall: WallTime) -> [HealthChange] {
        generation &+= 1
        return changes(at: now, wall: wall) { judge in
            judge.standings = checks.map { check in
                Standing(
                    check, following: judge.indices[check.definition.name].map { judge.standings[$0] },
                    at: now)
            }
            judge.indices = Self.index(judge.standings)
            judge.order = DependencyOrder(checks.map(\.definition))
        }
    }

    /// Takes a check out of the count, or puts it back.
    package mutating func setMaintenance(_ on: Bool, of name: String, at now: Instant, wall: WallTime)
        -> [HealthChange]
    {
        guard let index = indices[name] else { return [] }
        return changes(at: now, wall: wall) { judge in judge.standings[index].machine.maintenance = on }
    }

    /// The daemon is shutting down: not ready from now on.
    package mutating func drain() { draining = true }

    /// Time went on unseen (see `CheckMachine.timeJumped`): one round of grace for every check.
    package mutating func timeJumped(slept: Duration = .zero, at now: Instant) {
        for index in standings.indices { standings[index].machine.timeJumped(slept: slept, at: now) }
    }

    /// Counts a result that came after its deadline and was thrown away.
    package mutating func discardedLate(_ name: String) {
        if let index = indices[name] { standings[index].discarded &+= 1 }
    }

    /// The whole judgement as it stands.
    package func report(at now: Instant) -> Report {
        var report = Report()
        report.sequence = sequence
        report.generation = generation
        report.status = status
        report.ready = aggregate.ready
        report.started = started
        report.draining = draining
        report.since = statusSince
        report.made = now
        report.checks = standings.indices.map { standings[$0].report }
        report.reason =
            if standings.isEmpty {
                "no checks configured"
            } else if standings.indices.allSatisfy({ !standings[$0].enabled }) {
                "no checks enabled"
            } else {
                nil
            }
        return report
    }

    private var aggregate: Aggregate {
        Aggregate(standings.indices.lazy.compactMap { standings[$0].part }, draining: draining)
    }

    private static func index(_ standings: [Standing]) -> [String: Int] {
        Dictionary(standings.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Judge {
    /// Does something to the checks and says what changed by it, each change with its own sequence number.
    private mutating func changes(
        at now: Instant, wall: WallTime, _ body: (inout Judge) -> Void
    ) -> [HealthChange] {
        body(&self)
        findRootCauses()
        var changes: [HealthChange] = []
        for index in standings.indices {
            changes += standings[index].takeChanges(at: now, wall: wall)
        }
        let aggregate = aggregate
        if aggregate.status != status {
            changes.append(overallChange(to: aggregate.status, wall: wall))
            status = aggregate.status
            statusSince = wall
        }
        started = started || standings.allSatisfy(\.firstRoundDone)
        for index in changes.indices {
            sequence &+= 1
            changes[index].sequence = sequence
        }
        return changes
    }

    /// Names the root cause of each check in trouble, and gives those whose root is up again their attempts.
    private mutating func findRootCauses() {
        let roots = order.rootCauses(down: standings.indices.map { standings[$0].isDown })
        for index in standings.indices {
            guard let root = roots[index], standings[index].enabled, standings[index].isTroubled else {
                standings[index].explainedBy = nil
                standings[index].beginRecovery()
                continue
            }
            standings[index].explainedBy = standings[root].name
            // The root has nothing down below it, so its own contribution is its machine's.
            standings[index].explainedWeight = standings[root].machine.contribution
            standings[index].muting = Standing.Muting(root: standings[root].name)
        }
    }

    private func overallChange(to new: Status, wall: WallTime) -> HealthChange {
        // The first of the worst speaks for all; one that explains itself goes before one that is explained.
        let worst = standings.filter { $0.enabled && $0.contribution == new }
        let speaker = new == .healthy ? nil : worst.first { $0.explainedBy == nil } ?? worst.first
        var message =
            speaker.map { $0.name + " is " + $0.stateText } ?? "every check that counts is healthy"
        if speaker != nil, worst.count > 1 { message += ", and \(worst.count - 1) more" }
        if speaker == nil, standings.allSatisfy({ !$0.enabled }) { message = "no checks enabled" }
        return HealthChange(
            sequence: 0, subject: .overall, .state(from: HealthState(status), to: HealthState(new)),
            cause: HealthChange.Cause(speaker?.reason, message: message), wall: wall)
    }
}
