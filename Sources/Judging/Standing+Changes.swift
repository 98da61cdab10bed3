// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What of a check is compared before and after, to tell a change.
struct Snapshot: Sendable {
    let state: HealthState
    let level: Level
    let flapping: Bool
    let maintenance: Bool
    let mutedBy: String?

    init(_ machine: CheckMachine, mutedBy: String? = nil) {
        state = HealthState(machine.level, machine.phase)
        level = machine.level
        flapping = machine.flapping
        maintenance = machine.maintenance
        self.mutedBy = mutedBy
    }
}

extension Standing {
    /// Its state in the words of a sentence, with the reason where there is one.
    var stateText: String {
        switch machine.phase {
        case .pending: awaitsFirstEvidence ? "waiting for its first result since the reload" : "starting"
        case .stale: "stale"
        case .active:
            if let last, machine.level != .healthy, !last.message.isEmpty {
                machine.level.word + ": " + last.message
            } else {
                machine.level.word
            }
        }
    }

    /// The root cause is up again, or there is none: a quiet check that is well is quiet no more; one in trouble
    /// gets the attempts its thresholds need to tell recovery from trouble of its own.
    mutating func beginRecovery() {
        guard let muted = muting else { return }
        if !isTroubled || machine.phase == .stale {
            muting = nil
        } else if let left = muted.attemptsLeft {
            if left <= 0 { muting = nil }
        } else {
            muting?.attemptsLeft = max(machine.rules.fall, machine.rules.rise)
        }
    }

    /// What changed since it was last asked, without sequence numbers. A message that reads differently is no
    /// change.
    mutating func takeChanges(at now: Instant, wall: WallTime) -> [HealthChange] {
        var changes: [HealthChange] = []
        let old = told
        let new = Snapshot(machine, mutedBy: mutedBy)
        told = new
        func add(
            _ transition: HealthChange.Transition, _ reason: Reason?, _ message: String,
            mutedBy: String? = nil
        ) {
            changes.append(
                HealthChange(
                    sequence: 0, subject: .check(name), transition,
                    cause: HealthChange.Cause(reason, message: message, root: explainedBy), wall: wall,
                    mutedBy: mutedBy))
        }
        if new.level != old.level { since = wall }
        if new.state != old.state {
            // Trouble is as quiet as its root cause makes it; recovery is as quiet as the trouble was.
            let root = isTroubled ? new.mutedBy : isKnownTrouble ? nil : old.mutedBy
            let text = machine.phase == .stale ? staleText(at: now) : lastText
            add(.state(from: old.state, to: new.state), reason, text, mutedBy: root)
            if root == nil { isKnownTrouble = isTroubled }
        } else if old.mutedBy != nil, new.mutedBy == nil, isTroubled, !isKnownTrouble {
            add(.unmuted(new.state), reason, lastText)
            isKnownTrouble = true
        }
        if new.flapping != old.flapping {
            let text = "the outcome changed \(machine.recentChanges) times in \(FlapWindow.steps) steps"
            if new.flapping {
                add(
                    .flappingStarted, .flapping, text + ", good news now takes twice as long",
                    mutedBy: new.mutedBy)
            } else {
                add(.flappingStopped, nil, text, mutedBy: new.mutedBy)
            }
        }
        if new.maintenance != old.maintenance {
            if new.maintenance {
                add(.maintenanceStarted, nil, "taken out of the count")
            } else {
                add(.maintenanceEnded, nil, "counts again")
            }
        }
        return changes
    }

    private var lastText: String { last?.message ?? "" }

    private func staleText(at now: Instant) -> String {
        let limit = machine.rules.staleAfter.map(DurationText.render) ?? "none"
        let age = machine.age(at: now).map { "\($0.components.seconds)s" } ?? "long"
        let what = lastCompleted == nil ? "no result since the start" : "no result"
        // Where vitald asked in vain all the while, why says more than for how long.
        let why = last.map { $0.outcome == .unknown && !$0.message.isEmpty ? ": " + $0.message : "" } ?? ""
        return "\(what) for \(age), the limit is \(limit)" + why
    }
}
