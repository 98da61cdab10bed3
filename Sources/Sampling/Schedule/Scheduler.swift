// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Which check is to be attempted when. A value without clock, threads or probes: whoever drives it asks what is
/// due, reports what began and what landed, and sleeps until `nextWake`.
///
/// - First runs are spread; runs keep a fixed phase with jitter (`Timetable`).
/// - While a check is starting, it runs at its start interval: until its first pass or, whichever is later, the
///   end of its start period and `fall` completed attempts. So it is ready soon after boot, and a target that stays
///   down is not asked every second for ever.
/// - Single flight: a check under way is never begun again. One that is still out after its deadline and
///   `landingSlack` is given up; what it brings later is thrown away.
/// - What was missed is skipped, never caught up.
package struct Scheduler: Sendable {
    /// A probe ends itself at its deadline and says at which step; this long we wait to hear it.
    package static let landingSlack = Duration.milliseconds(500)

    private let seed: UInt64
    private var slots: [ScheduleSlot]
    private var indices: [String: Int]
    private var queue: WakeQueue
    private var flights: UInt64 = 0
    private var resumptions: UInt64 = 0

    /// A schedule of these checks; those that are switched off are left out. The seed tells this daemon from
    /// others with the same checks.
    package init(checks: [CheckDefinition], seed: UInt64, at now: Instant) {
        self.seed = seed
        slots = checks.filter(\.enabled).map { ScheduleSlot($0, seed: seed, at: now) }
        indices = Self.index(slots)
        queue = WakeQueue(slots.map(\.wake))
    }

    /// When something is next to do, but not before `now`; nil where there is nothing at all.
    package func nextWake(after now: Instant) -> Instant? { queue.earliest.map { max(now, $0) } }

    /// The checks to begin now, the most overdue first. Each stays due until `start`.
    package func due(at now: Instant) -> [String] {
        queue.reached(now).compactMap { slots[$0].flight == nil ? slots[$0].name : nil }
    }

    /// Notes that an attempt begins. Nil where the check is unknown or already under way.
    package mutating func start(_ check: String, at now: Instant) -> Flight? {
        guard let index = indices[check], slots[index].flight == nil else { return nil }
        flights &+= 1
        let flight = Flight(
            check: check, number: flights, due: min(slots[index].due, now), started: now,
            deadline: now + slots[index].timeout)
        slots[index].flight = flight
        slots[index].plan(after: now)
        queue.set(index, to: slots[index].wake)
        return flight
    }

    /// Notes that an attempt has ended, and tells what its result is worth. One that lands after its deadline but
    /// before it was given up counts: then it was us who were slow to look.
    package mutating func finish(_ flight: Flight, outcome: Outcome, at now: Instant) -> Landing {
        guard let index = indices[flight.check], slots[index].flight?.number == flight.number else {
            return .late
        }
        land(index, outcome: outcome, at: now)
        return .counts
    }

    /// Gives up the attempts that are still out after their deadline and the slack: each has failed with a timeout,
    /// its check is free for the next run, and what it still brings is `late`.
    package mutating func giveUp(at now: Instant) -> [Flight] {
        queue.reached(now).compactMap { index in
            guard let flight = slots[index].flight else { return nil }
            land(index, outcome: .fail, at: now)
            return flight
        }
    }

    /// How late the most overdue thing is: a run that was not begun, an attempt that was not given up. This is
    /// what the watchdog asks.
    package func lateness(at now: Instant) -> Duration {
        queue.earliest.map { max(.zero, now - $0) } ?? .zero
    }

    /// The time went on without us (a suspend, a pause): what was under way is given up, for its times mean
    /// nothing, and every check is asked anew within one spread, for what is known of it is old. The phases stay,
    /// nothing is caught up. Returns the flights given up; they are nobody's failure.
    package mutating func resume(at now: Instant) -> [Flight] {
        resumptions &+= 1
        let lost = slots.compactMap(\.flight)
        for index in slots.indices {
            slots[index].restart(round: resumptions, at: now)
            queue.set(index, to: slots[index].wake)
        }
        return lost
    }

    /// Follows another configuration from now on: checks that still ask the same keep their phase and what is under way,
    /// the others begin like at boot.
    package mutating func replace(checks: [CheckDefinition], at now: Instant) {
        slots = checks.filter(\.enabled).map { definition in
            guard let index = indices[definition.name],
                slots[index].definition.asksTheSame(as: definition)
            else { return ScheduleSlot(definition, seed: seed, at: now) }
            var slot = slots[index]
            slot.follow(definition, seed: seed, at: now)
            return slot
        }
        indices = Self.index(slots)
        queue = WakeQueue(slots.map(\.wake))
    }

    /// Lets go of the attempt of a check that is under way: what it brings is `late`, and the next one may begin.
    package mutating func abandon(_ check: String) {
        guard let index = indices[check] else { return }
        slots[index].abandon()
        queue.set(index, to: slots[index].wake)
    }

    /// Puts the next attempt of a check off until then; one may begin before, where the conductor asks for it.
    package mutating func hold(_ check: String, until instant: Instant) {
        guard let index = indices[check], slots[index].flight == nil else { return }
        slots[index].due = instant
        queue.set(index, to: slots[index].wake)
    }

    private mutating func land(_ index: Int, outcome: Outcome, at now: Instant) {
        slots[index].land(outcome: outcome, at: now)
        queue.set(index, to: slots[index].wake)
    }

    private static func index(_ slots: [ScheduleSlot]) -> [String: Int] {
        Dictionary(
            slots.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
