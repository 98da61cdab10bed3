// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// The state of one check: from outcome after outcome to a confirmed level.
///
/// Pure: time comes in with each call, nothing goes out. Streaks both ways keep a blip from changing anything;
/// the first evidence, and the first after a gap, decides at once.
package struct CheckMachine: Sendable, Equatable {
    /// At most this many rounds of grace without evidence in between: clocks that jump again and again must not
    /// keep old evidence fresh for ever.
    static let gracesAtMost = 3

    /// What it is judged by.
    package private(set) var rules: CheckRules
    /// When it began to be judged.
    package let started: Instant
    /// The confirmed level.
    package private(set) var level = Level.unknown
    /// Where it stands in its life.
    package private(set) var phase = Phase.pending
    /// Whether its outcomes change too often; good news then needs twice the streak, bad news does not.
    package private(set) var flapping = false
    /// Whether it is taken out of the count for now.
    package var maintenance = false

    private var window = FlapWindow()
    private var failStreak = 0
    private var nonPassStreak = 0
    private var passStreak = 0
    private var nonFailStreak = 0
    private var hasPassed = false
    private var lastEvidence: Instant?
    /// Time that the clock did not count since the last evidence (CLOCK_MONOTONIC stands still in a suspend).
    private var unseen = Duration.zero
    /// After a jump: no verdict of staleness before this.
    private var graceUntil: Instant?
    private var graces = 0

    /// A check that begins to be judged now.
    package init(_ rules: CheckRules, started: Instant) {
        self.rules = rules
        self.started = started
    }

    /// How many of the last 20 steps changed the outcome.
    package var recentChanges: Int { window.changeCount }

    /// Weighs one completed attempt. `unknown` is vitald's own failure to ask, evidence of nothing: it changes
    /// nothing and does not refresh anything either.
    ///
    /// A definitive fail (one whose reason the configuration calls so) needs no streak.
    package mutating func record(_ outcome: Outcome, definitive: Bool = false, at now: Instant) {
        guard outcome != .unknown else { return }
        lastEvidence = now
        unseen = .zero
        graceUntil = nil
        graces = 0
        if rules.evidence == .attempts {
            window.add(outcome)
            flapping = window.isFlapping(before: flapping)
        }
        // The start period: it is still coming up, and has never worked yet.
        if !hasPassed, outcome != .pass, now - started < rules.startPeriod { return }
        failStreak = outcome == .fail ? failStreak &+ 1 : 0
        nonPassStreak = outcome != .pass ? nonPassStreak &+ 1 : 0
        passStreak = outcome == .pass ? passStreak &+ 1 : 0
        nonFailStreak = outcome != .fail ? nonFailStreak &+ 1 : 0
        hasPassed = hasPassed || outcome == .pass
        let decidesAtOnce = level == .unknown || phase == .stale
        phase = .active
        level = decidesAtOnce ? Self.level(of: outcome) : weighed(outcome, definitive: definitive)
    }

    /// Notices that the evidence has grown too old. Call it every second or so.
    package mutating func tick(at now: Instant) {
        guard let age = age(at: now), let limit = rules.staleAfter, age > limit else { return }
        if let graceUntil, now <= graceUntil { return }
        phase = .stale
    }

    /// Time went on unseen: the machine was suspended (`slept`), the wall clock was set, or vitald itself stood
    /// still for long.
    ///
    /// The time asleep counts as age of the evidence, for it is that old; but nothing is called stale before one
    /// more round has had its chance, for nobody could ask meanwhile.
    package mutating func timeJumped(slept: Duration, at now: Instant) {
        unseen += max(.zero, slept)
        giveGrace(at: now)
    }

    /// Goes by other rules from now on: thresholds of a new configuration. Level, streaks and evidence stay; what the
    /// evidence comes to by the new rules shows with the next one.
    ///
    /// Evidence that was fresh by the old rules may be too old by the new ones, where nobody had a chance to ask more
    /// often: then one round of grace.
    package mutating func follow(_ new: CheckRules, at now: Instant) {
        let limit = rules.staleAfter
        rules = new
        guard let shorter = new.staleAfter, limit.map({ shorter < $0 }) ?? true else { return }
        giveGrace(at: now)
    }

    private mutating func giveGrace(at now: Instant) {
        guard graces < Self.gracesAtMost else { return }
        graces += 1
        graceUntil = max(graceUntil ?? .distantPast, now + rules.round)
    }

    /// The age of the newest evidence; before any, the time since the end of the start period. Nil where age
    /// does not matter.
    package func age(at now: Instant) -> Duration? {
        guard rules.staleAfter != nil else { return nil }
        let reference = lastEvidence ?? started + rules.startPeriod
        return now - reference + unseen
    }

    /// What it adds to the overall status: starting is not healthy and not yet unhealthy; stale is unhealthy,
    /// for nothing is healthy without recent evidence; the impact caps both.
    package var contribution: Status {
        if maintenance || rules.impact == .info { return .healthy }
        let raw: Status =
            switch (phase, level) {
            case (.pending, _): .degraded
            case (.stale, _), (.active, .unhealthy), (.active, .unknown): .unhealthy
            case (.active, .degraded): .degraded
            case (.active, .healthy): .healthy
            }
        return rules.impact == .critical ? raw : min(raw, .degraded)
    }

    /// Whether it is critical, not in maintenance, and has no evidence yet.
    package var holdsReadiness: Bool { phase == .pending && rules.impact == .critical && !maintenance }

    private func weighed(_ outcome: Outcome, definitive: Bool) -> Level {
        var level = level
        if failStreak >= rules.fall || (definitive && outcome == .fail) {
            level = .unhealthy
        } else if nonPassStreak >= rules.warnAfter, level == .healthy {
            level = .degraded
        }
        let rise = flapping ? rules.rise &* 2 : rules.rise
        if passStreak >= rise {
            level = .healthy
        } else if nonFailStreak >= rise, level == .unhealthy {
            level = .degraded
        }
        return level
    }

    private static func level(of outcome: Outcome) -> Level {
        switch outcome {
        case .pass: .healthy
        case .warn: .degraded
        case .fail: .unhealthy
        case .unknown: .unknown
        }
    }
}
