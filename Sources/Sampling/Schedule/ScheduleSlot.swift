// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the scheduler keeps of one check.
struct ScheduleSlot: Sendable {
    private(set) var definition: CheckDefinition
    private var timetable: Timetable
    private let began: Instant
    private var completed = 0
    private var starting = true
    /// When the next run is to begin.
    var due: Instant
    /// The attempt under way.
    var flight: Flight?

    init(_ definition: CheckDefinition, seed: UInt64, at now: Instant) {
        self.definition = definition
        timetable = Timetable(name: definition.name, seed: seed, interval: definition.interval, start: now)
        began = now
        due = timetable.base
    }

    /// When something is to be done: begin it, or give it up.
    var wake: Instant { flight.map { $0.deadline + Scheduler.landingSlack } ?? due }

    var name: String { definition.name }
    var timeout: Duration { definition.timeout }

    private var startPause: Int64 {
        max(1, min(definition.startInterval, definition.interval).nanoseconds)
    }

    /// Goes by another definition of the same question from now on. What is under way goes on, and so do the times,
    /// where the interval is the same; by another one the next run comes within the spread of first runs, so that nothing
    /// grows stale for having been asked more rarely until now.
    mutating func follow(_ new: CheckDefinition, seed: UInt64, at now: Instant) {
        let old = definition
        definition = new
        if new.interval != old.interval {
            timetable = Timetable(name: name, seed: seed, interval: new.interval, start: now)
            if let flight { plan(after: flight.started) } else { due = min(due, timetable.base) }
        }
        if starting, flight == nil, new.startInterval != old.startInterval {
            due = min(due, now + .nanoseconds(startPause))
        }
    }

    /// What is under way is of no use any more.
    mutating func abandon() { flight = nil }

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
        let hasHadItsTime = now - began >= definition.startPeriod && completed >= max(1, definition.fall)
        if starting, outcome == .pass || hasHadItsTime {
            starting = false
            plan(after: started)
        }
        // A departure missed by more than half an interval, because this run took so long, is skipped; one missed
        // by less follows now, and counts as due now: a slow target does not make us late.
        if !starting, due < now - .nanoseconds(timetable.interval / 2) { plan(after: now) }
        due = max(due, now)
    }
}
