// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the scheduler keeps of one check.
struct ScheduleSlot: Sendable {
    let name: String
    let timeout: Duration
    private let type: String
    private let fingerprint: String
    private let startPause: Int64
    private let startPeriod: Duration
    private let fall: Int
    private let timetable: Timetable
    private let began: Instant
    private var completed = 0
    private var starting = true
    /// When the next run is to begin.
    var due: Instant
    /// The attempt under way.
    var flight: Flight?

    init(_ definition: CheckDefinition, seed: UInt64, at now: Instant) {
        name = definition.name
        timeout = definition.timeout
        type = definition.type
        fingerprint = definition.fingerprint
        startPause = max(1, min(definition.startInterval, definition.interval).nanoseconds)
        startPeriod = definition.startPeriod
        fall = max(1, definition.fall)
        timetable = Timetable(name: definition.name, seed: seed, interval: definition.interval, start: now)
        began = now
        due = timetable.base
    }

    /// When something is to be done: begin it, or give it up.
    var wake: Instant { flight.map { $0.deadline + Scheduler.landingSlack } ?? due }

    /// Whether a definition is still the one this was made of.
    func isUnchanged(_ definition: CheckDefinition) -> Bool {
        type == definition.type && fingerprint == definition.fingerprint
    }

    /// Sets the next departure, after a run that began then. Half an interval at least lies between: a run that
    /// was late is not followed at once by the next.
    mutating func plan(after started: Instant) {
        if starting {
            due = started + .nanoseconds(startPause + timetable.jitter(Int64(completed), of: startPause))
        } else {
            due = timetable.departure(
                timetable.first(notBefore: started + .nanoseconds(timetable.interval / 2)))
        }
    }

    /// Asks anew somewhere within the spread of first runs.
    mutating func restart(round: UInt64, at now: Instant) {
        flight = nil
        due = now + timetable.spread(round: round)
    }

    /// The attempt under way has ended.
    mutating func land(outcome: Outcome, at now: Instant) {
        let started = flight?.started ?? now
        flight = nil
        completed &+= 1
        if starting, outcome == .pass || (now - began >= startPeriod && completed >= fall) {
            starting = false
            plan(after: started)
        }
        // A departure missed by more than half an interval, because this run took so long, is skipped; one missed
        // by less follows now, and counts as due now: a slow target does not make us late.
        if !starting, due < now - .nanoseconds(timetable.interval / 2) { plan(after: now) }
        due = max(due, now)
    }
}
