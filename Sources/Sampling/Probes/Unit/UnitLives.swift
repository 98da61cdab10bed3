// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Counts the restarts of units, from nothing but the start time of their oldest process.
struct UnitLives: Sendable {
    /// Units remembered at once; a glob over short-lived instances must not grow without end.
    static let limit = 1000
    /// The kernel gives the boot time in whole seconds (`btime`), so that a start seems up to one too early.
    static let slack = Duration.milliseconds(1500)

    private struct Life {
        var started: WallTime
        var seen: Duration
        var restarts: Int64 = 0
    }

    private var lives: [String: Life] = [:]

    /// Takes new figures; returns the restarts seen so far by unit name.
    mutating func note(_ units: [ContainerFigures], sinceBoot: Duration, wall: WallTime) -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for unit in units {
            let name = unit.unitName
            if let started = unit.started, unit.isAlive != false {
                var life = lives[name] ?? Life(started: started, seen: sinceBoot)
                if began(life, started, sinceBoot, wall) { life.restarts += 1 }
                life.started = started
                life.seen = sinceBoot
                lives[name] = life
            }
            counts[name] = lives[name]?.restarts
        }
        if lives.count > Self.limit { lives = lives.filter { counts[$0.key] != nil } }
        return counts
    }

    /// Whether the oldest process is one that did not exist when the unit was last seen.
    ///
    /// Ages are compared instead of times: when the clock is set, the boot time moves with it. A worker that
    /// outlives its main process becomes the oldest without being new.
    private func began(_ life: Life, _ started: WallTime, _ sinceBoot: Duration, _ wall: WallTime) -> Bool {
        let moved = started.nanoseconds.subtractingReportingOverflow(life.started.nanoseconds).partialValue
        guard moved.magnitude > 500_000_000 else { return false }
        let age = Duration.nanoseconds(wall.nanoseconds &- started.nanoseconds)
        return age >= .zero - Self.slack && age < sinceBoot - life.seen + Self.slack
    }
}
