// SPDX-License-Identifier: Apache-2.0

import Judging
import NIOCore
import Publishing
import Sampling
import Vitals

/// Runs the checks: starts what is due, judges what comes back, publishes the report. Lives on the event loop.
final class Conductor {
    /// A timeout while the daemon itself was this late says nothing about the target.
    static let excusingLag = Duration.seconds(1)

    /// Who waits for the result of an attempt; nil where there will be none.
    typealias Waiter = @Sendable (CheckReport?) -> Void

    /// One attempt that is under way.
    struct OpenAttempt {
        let flight: Flight
        let attempt: Attempt
        var waiters: [Waiter] = []
        var lag: Duration
    }

    private let loop: any EventLoop
    let context: ProbeContext
    let board: Board
    let feeds: [any Feed]
    private let log: EventLog
    private let pulse: Pulse
    private let generation: TickGeneration
    private let period: Duration

    var judge: Judge
    var scheduler: Scheduler
    var definitions: [String: CheckDefinition] = [:]
    var probes: [String: any Probe] = [:]
    private var attempts: [String: OpenAttempt] = [:]
    /// Attempts that a reload has let go of, each with its check: what they bring is neither counted nor late. One that
    /// hangs for ever stays here, as its thread does.
    private var superseded: [UInt64: String] = [:]
    /// Checks whose new probe waits until the old one is back, at the latest until then: two connections at once may be
    /// one too many for the target.
    var held: [String: Instant] = [:]
    /// Who waits for the first attempt of such a check.
    var waiting: [String: [Waiter]] = [:]
    private var timeWatch: TimeWatch
    private var timer: Scheduled<Void>?
    private var plannedTick: Instant
    /// Whether a probe is just being started: an answer that it gives before that is done lands with the next turn.
    private var isLaunching = false
    private var isTicking = false
    private var isDraining = false

    var time: any TimeSource { context.time }

    /// What a conductor works with.
    struct Equipment {
        /// The event loop on which it lives.
        var loop: any EventLoop
        /// What probes may use.
        var context: ProbeContext
        /// Where the report hangs.
        var board: Board
        /// What feeds the checks that ask nobody.
        var feeds: [any Feed]
        /// Where changes of health are said.
        var log: EventLog
        /// What the keeper looks at.
        var pulse: Pulse
        /// Grows with every tick.
        var generation: TickGeneration
        /// The longest time between two ticks.
        var period: Duration
        /// Tells this daemon's spread of the checks from that of others with the same ones.
        var seed: UInt64
    }

    /// Makes a conductor of these checks; `start` lets it begin.
    init(_ checks: [ConfiguredCheck], _ equipment: Equipment) {
        loop = equipment.loop
        context = equipment.context
        board = equipment.board
        feeds = equipment.feeds
        log = equipment.log
        pulse = equipment.pulse
        generation = equipment.generation
        period = equipment.period
        let now = equipment.context.time.now
        judge = Judge(checks: checks.map(Self.judged), at: now, wall: equipment.context.time.wall)
        scheduler = Scheduler(checks: [], seed: equipment.seed, at: now)
        timeWatch = TimeWatch(equipment.context.time)
        plannedTick = now
        take(checks, at: now)
        publish([])
    }

    /// Begins to tick.
    func start() {
        isTicking = true
        tick()
    }

    /// Ticks now instead of later: something has come that the judge should hear of.
    func wake() {
        guard isTicking else { return }
        timer?.cancel()
        // A tick that is overdue stays so: a beat that comes first after a pause must not hide the pause.
        plannedTick = min(plannedTick, time.now)
        tick()
    }

    /// Stops starting checks; readers see that the daemon is shutting down.
    func drain() {
        isDraining = true
        judge.drain()
        publish([])
    }

    /// Lets go of everything.
    func close() {
        isTicking = false
        timer?.cancel()
        for name in Array(attempts.keys) { abandon(name) }
        for name in Array(waiting.keys) { dismiss(name) }
        for probe in probes.values { probe.close() }
        probes = [:]
        context.helpers.close()
    }

    /// Runs a check at once, or joins the attempt that is under way.
    func run(_ name: String, _ done: @escaping @Sendable (RunAnswer) -> Void) {
        guard let definition = definitions[name] else { return done(.unknownCheck) }
        guard definition.enabled else { return done(.notRunnable("it is switched off (enabled: false)")) }
        if let item = definition.fedBy {
            return done(.notRunnable("it is fed by pushes: send it a \(item.method)"))
        }
        guard !isDraining else { return done(.notRunnable("vitald is shutting down")) }
        let waiter: Waiter = { report in
            done(report.map(RunAnswer.completed) ?? .notRunnable("the configuration was replaced meanwhile"))
        }
        if attempts[name] == nil, let until = held[name], time.now < until {
            waiting[name, default: []].append(waiter)
            return
        }
        if attempts[name] == nil { launch(name, at: time.now) }
        guard attempts[name] != nil else {
            return done(.notRunnable("its last attempt still hangs; it runs again when that has ended"))
        }
        attempts[name]?.waiters.append(waiter)
    }

    static func judged(_ check: ConfiguredCheck) -> JudgedCheck {
        JudgedCheck(check.definition, evidence: type(of: check.kind).evidence)
    }

    private func tick() {
        let now = time.now
        let lag = now - plannedTick
        if let jump = timeWatch.look(time, planned: plannedTick) { jumped(jump, at: now) }
        attempts = attempts.mapValues { attempt in
            var attempt = attempt
            attempt.lag = max(attempt.lag, lag)
            return attempt
        }
        if !isDraining {
            for flight in scheduler.giveUp(at: now) { overdue(flight, at: now) }
            for name in scheduler.due(at: now) { launch(name, at: now) }
        }
        recordPushes(at: now)
        // After the work of this tick: what is still late now is late for a reason of our own.
        pulse.schedulerTicked(lateness: isDraining ? .zero : scheduler.lateness(at: time.now))
        pulse.boardTicked()
        board.tick()
        generation.advance()
        let next = ([scheduler.nextWake(after: now)] + feeds.map { $0.nextDeadline(after: now) })
            .compactMap { $0 }.min()
        plannedTick = max(min(next ?? now + period, now + period), now + .milliseconds(1))
        timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds((plannedTick - time.now).nanoseconds)) {
            self.tick()
        }
    }

    private func recordPushes(at now: Instant) {
        var changes: [HealthChange] = []
        let results = feeds.flatMap { $0.results(at: now) }
        for (name, result) in results {
            changes += judge.record(result, of: name, at: now, wall: time.wall)
        }
        changes += judge.tick(at: now, wall: time.wall)
        if !results.isEmpty || !changes.isEmpty { publish(changes) }
        for (name, result) in results { note(result, of: name) }
    }

    private func jumped(_ jump: TimeWatch.Jump, at now: Instant) {
        let sentence: String
        var slept = Duration.zero
        switch jump {
        case .slept(let duration):
            slept = duration
            sentence = "the machine slept for \(DurationText.render(duration.rounded))"
        case .stopped(let duration):
            sentence = "vitald did not run for \(DurationText.render(duration.rounded))"
        case .wallSet(let duration):
            let direction = duration < .zero ? "back" : "forward"
            sentence = "wall time was set \(direction) by \(DurationText.render(duration.magnitude.rounded))"
        }
        log.write(JournalEntry(.timeJumped, .notice, sentence + "; results get one interval of grace"))
        judge.timeJumped(slept: slept, at: now)
        for feed in feeds { feed.timeJumped(at: now) }
        for flight in scheduler.resume(at: now) { abandon(flight.check) }
    }

    func launch(_ name: String, at now: Instant) {
        guard let probe = probes[name], let flight = scheduler.start(name, at: now) else { return }
        held[name] = nil
        let attempt = Attempt(started: now, deadline: flight.deadline)
        attempts[name] = OpenAttempt(
            flight: flight, attempt: attempt, waiters: waiting.removeValue(forKey: name) ?? [],
            lag: flight.lag)
        let home = NIOLoopBound(self, eventLoop: loop)
        isLaunching = true
        probe.attempt(attempt) { [loop] result in
            // Most answers come on the loop, long after the launch: then another turn of it would only cost.
            if loop.inEventLoop, !home.value.isLaunching {
                home.value.landed(flight, result)
            } else {
                loop.execute { home.value.landed(flight, result) }
            }
        }
        isLaunching = false
    }

    /// The probe itself did not keep its deadline.
    private func overdue(_ flight: Flight, at now: Instant) {
        guard let open = attempts[flight.check], open.flight.number == flight.number else { return }
        var result = ProbeResult.overdue(
            open.attempt, series: probes[flight.check]?.seriesWhenDown ?? [])
        result.duration = now - flight.started
        complete(open, result, at: now)
    }

    private func landed(_ flight: Flight, _ result: ProbeResult) {
        let now = time.now
        // Each is said once, so also by an attempt that comes too late to count.
        for remark in result.remarks {
            log.write(
                JournalEntry(
                    .checkRemark, .notice, "\(flight.check): \(remark)",
                    fields: [("VITALD_CHECK", flight.check)]))
        }
        guard let open = attempts[flight.check], open.flight.number == flight.number,
            scheduler.finish(flight, outcome: result.outcome, at: now) == .counts
        else {
            return discard(flight, at: now)
        }
        complete(open, result, at: now)
    }

    private func discard(_ flight: Flight, at now: Instant) {
        guard let name = superseded.removeValue(forKey: flight.number) else {
            return judge.discardedLate(flight.check)
        }
        // The probe that took the place of this one has waited for it.
        if held[name] != nil, attempts[name] == nil, !isDraining { launch(name, at: now) }
    }

    private func complete(_ open: OpenAttempt, _ raw: ProbeResult, at now: Instant) {
        let name = open.flight.check
        attempts[name] = nil
        var result = raw
        let lag = max(open.lag, now - open.flight.deadline - Scheduler.landingSlack)
        let isByTime = result.reason == "slow" || result.reason?.isTimeout == true
        if result.outcome == .fail, isByTime, lag > Self.excusingLag {
            result.outcome = .unknown
            result.reason = .lag
            result.message = "vitald itself was late, so this says nothing: " + raw.message
        }
        result = result.withCommonSeries(timeout: open.flight.deadline - open.flight.started)
        let changes = judge.record(result, of: name, at: now, wall: time.wall)
        publish(changes)
        note(result, of: name)
        let report = board.report.check(named: name)
        for waiter in open.waiters { waiter(report) }
    }

    private func abandon(_ name: String) {
        for waiter in attempts.removeValue(forKey: name)?.waiters ?? [] { waiter(nil) }
    }

    /// Lets go of the attempt of a check whose probe goes; nil where none is under way.
    func supersede(_ name: String) -> OpenAttempt? {
        guard let attempt = attempts.removeValue(forKey: name) else { return nil }
        superseded[attempt.flight.number] = name
        scheduler.abandon(name)
        return attempt
    }

    /// Tells those who wait for the first attempt of a check that there will be none.
    func dismiss(_ name: String) {
        held[name] = nil
        for waiter in waiting.removeValue(forKey: name) ?? [] { waiter(nil) }
    }

    private func note(_ result: ProbeResult, of name: String) {
        board.note(
            HistoryEntry(
                wall: time.wall, outcome: result.outcome,
                level: board.report.check(named: name)?.shownLevel ?? .unknown, reason: result.reason,
                message: result.message, duration: result.duration), of: name)
    }

    func publish(_ changes: [HealthChange]) {
        let report = judge.report(at: time.now)
        board.publish(report, changes)
        for entry in ChangeLines.entries(changes, report) { log.write(entry) }
    }
}

extension Duration {
    /// Without its sign.
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }

    /// To whole tenths of a second, for sentences.
    fileprivate var rounded: Duration { .milliseconds((nanoseconds / 100_000_000) * 100) }
}
