// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Everything the judge keeps of one check.
struct Standing: Sendable {
    /// A failure that was kept quiet because something below was down.
    struct Muting: Sendable {
        /// The root cause that was named for it.
        var root: String
        /// Attempts the check still has to recover in, once the root is up again; nil while it is down.
        var attemptsLeft: Int?
    }

    /// What a check that a reload brought counts for until it has evidence of its own: nothing where it is new, what it
    /// counted for before where it asks something else now. A reload neither makes the whole worse nor clears it.
    struct Interim: Sendable {
        var contribution = Status.healthy
        var holdsReadiness = false
        var firstRoundDone = true
    }

    private(set) var check: JudgedCheck
    var machine: CheckMachine
    /// Nil for a check that was there at the start.
    private var interim: Interim?
    var last: ProbeResult?
    var lastCompleted: Instant?
    var lastCompletedWall: WallTime?
    var since: WallTime?
    var runs: [UInt64] = [0, 0, 0, 0]
    var consecutiveFailures = 0
    var discarded: UInt64 = 0
    /// The root cause of its trouble: something it depends on is down, and it is not well itself.
    var explainedBy: String?
    /// What the root cause adds to the overall status.
    var explainedWeight = Status.healthy
    var muting: Muting?
    /// Whether the newest change that was told without a root cause left it in trouble: then its recovery is
    /// told as well.
    var isKnownTrouble = false
    /// As the changes told so far left it.
    var told: Snapshot

    init(_ check: JudgedCheck, at now: Instant) {
        self.check = check
        machine = CheckMachine(CheckRules(check.definition, evidence: check.evidence), started: now)
        told = Snapshot(machine)
    }

    /// The standing of a check of a new configuration; `old` is that of the check of the same name in the configuration
    /// before.
    init(_ check: JudgedCheck, following old: Standing?, at now: Instant) {
        if let old, old.check.evidence == check.evidence,
            old.check.definition.asksTheSame(as: check.definition)
        {
            self = old
            self.check = check
            machine.follow(CheckRules(check.definition, evidence: check.evidence), at: now)
            return
        }
        self.init(check, at: now)
        interim = Interim()
        guard let old, let part = old.part else { return }
        interim = Interim(
            contribution: part.contribution, holdsReadiness: part.holdsReadiness,
            firstRoundDone: old.firstRoundDone)
        machine.maintenance = old.machine.maintenance
        told = Snapshot(machine)
    }

    var name: String { check.definition.name }
    var enabled: Bool { check.definition.enabled }

    /// Whether it does not do its work as far as those who depend on it are concerned.
    var isDown: Bool {
        enabled && (machine.phase == .stale || (machine.phase == .active && machine.level == .unhealthy))
    }

    /// Whether anything at all is wrong with it.
    var isTroubled: Bool {
        machine.phase == .stale || (machine.phase == .active && machine.level != .healthy)
    }

    /// The code that explains its state.
    var reason: Reason? { machine.phase == .stale ? .stale : last?.reason }

    /// Whose notice makes this one's unnecessary.
    var mutedBy: String? { explainedBy ?? muting?.root }

    /// What it adds to the overall status.
    ///
    /// Trouble that something below explains weighs like that root cause: where the configuration says that a
    /// cache only degrades, what falls with the cache only degrades too. But it never counts for less than
    /// degraded (or what it would add alone), however little the root counts: what does not work is not healthy.
    var contribution: Status {
        part?.contribution ?? .healthy
    }

    /// Its part by itself, whatever explains it.
    private var own: Aggregate.Part {
        guard let interim = current else {
            return Aggregate.Part(
                contribution: machine.contribution, holdsReadiness: machine.holdsReadiness)
        }
        let isCritical = machine.rules.impact == .critical
        let most: Status =
            machine.maintenance || machine.rules.impact == .info
            ? .healthy : isCritical ? .unhealthy : .degraded
        return Aggregate.Part(
            contribution: min(interim.contribution, most),
            holdsReadiness: interim.holdsReadiness && isCritical && !machine.maintenance)
    }

    /// What stands in for evidence while there is none.
    private var current: Interim? { machine.phase == .pending ? interim : nil }

    /// Whether it waits for its first evidence since a reload.
    var awaitsFirstEvidence: Bool { current != nil }

    /// Its part in the whole; a check that is switched off has none.
    var part: Aggregate.Part? {
        guard enabled else { return nil }
        var part = own
        if explainedBy != nil {
            part.contribution = min(part.contribution, max(explainedWeight, .degraded))
        }
        return part
    }

    /// Whether the first round is over for it. Pushes are not asked for, so nothing waits for them here.
    var firstRoundDone: Bool {
        !enabled || check.evidence == .pushes || runs.contains { $0 > 0 } || machine.phase == .stale
            || interim?.firstRoundDone == true
    }

    mutating func note(_ result: ProbeResult, at now: Instant, wall: WallTime) {
        last = result
        lastCompleted = now
        lastCompletedWall = wall
        let index = Int(result.outcome.rawValue)
        if runs.indices.contains(index) { runs[index] &+= 1 }
        switch result.outcome {
        case .fail: consecutiveFailures &+= 1
        case .pass, .warn: consecutiveFailures = 0
        case .unknown: break
        }
    }

    var report: CheckReport {
        var report = CheckReport(definition: check.definition)
        report.level = machine.level
        report.phase = machine.phase
        report.flapping = machine.flapping
        report.maintenance = machine.maintenance
        report.suppressedBy = explainedBy
        let part = part
        report.contribution = part?.contribution ?? .healthy
        report.holdsReadiness = part?.holdsReadiness ?? false
        report.last = last
        report.lastCompleted = lastCompleted
        report.lastCompletedWall = lastCompletedWall
        report.since = since
        report.runs = runs
        report.consecutiveFailures = consecutiveFailures
        report.discarded = discarded
        return report
    }
}
