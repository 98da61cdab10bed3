// SPDX-License-Identifier: Apache-2.0

import Judging
import NIOCore
import Publishing
import Receiving
import Sampling
import Vitals

/// Runs the checks: starts what is due, judges what comes back, hangs up the report. Lives on the event loop.
final class Conductor {
    /// A timeout while the daemon itself was this late says nothing about the target.
    static let excusingLag = Duration.seconds(1)

    /// One attempt that is under way.
    private struct Outing {
        let flight: Flight
        let attempt: Attempt
        var waiters: [@Sendable (CheckReport?) -> Void] = []
        var lag: Duration
    }

    private let loop: any EventLoop
    private let context: ProbeContext
    private let board: Board
    private let heartbeats: HeartbeatStore
    private let log: EventLog
    private let pulse: Pulse
    private let generation: TickGeneration
    private let period: Duration

    private var judge: Judge
    private var scheduler: Scheduler
    private var definitions: [String: CheckDefinition] = [:]
    private var probes: [String: any Probe] = [:]
    private var outings: [String: Outing] = [:]
    private var timeWatch: TimeWatch
    private var timer: Scheduled<Void>?
    private var plannedTick: Instant
    /// Whether a probe is just being started: an answer that it gives before that is done lands with the next turn.
    private var isLaunching = false
    private var isTicking = false
    private var isDraining = false

    private var time: any TimeSource { context.time }

    /// What a conductor works with.
    struct Equipment {
        /// The event loop on which it lives.
        var loop: any EventLoop
        /// What probes may use.
        var context: ProbeContext
        /// Where the report hangs.
        var board: Board
        /// Who takes the heartbeats.
        var heartbeats: HeartbeatStore
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
        heartbeats = equipment.heartbeats
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

    /// Takes a new configuration: unchanged checks keep their probe, their counters and their rhythm.
    func replace(_ checks: [ConfiguredCheck]) {
        let now = time.now
        take(checks, at: now)
        publish(judge.replace(checks: checks.map(Self.judged), at: now, wall: time.wall))
        wake()
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

    /// Stops starting checks; readers see that the daemon is on its way out.
    func drain() {
        isDraining = true
        judge.drain()
        publish([])
    }

    /// Lets go of everything.
    func close() {
        isTicking = false
        timer?.cancel()
        for name in Array(outings.keys) { abandon(name) }
        for probe in probes.values { probe.close() }
        probes = [:]
        context.helpers.close()
    }

    /// Runs a check at once, or joins the attempt that is under way.
    func run(_ name: String, _ done: @escaping @Sendable (RunAnswer) -> Void) {
        guard let definition = definitions[name] else { return done(.unknownCheck) }
        guard definition.enabled else { return done(.notRunnable("it is switched off (enabled: false)")) }
        guard probes[name] != nil else {
            return done(.notRunnable("it is fed by pushes: send it a push.heartbeat"))
        }
        guard !isDraining else { return done(.notRunnable("vitald is on its way out")) }
        if outings[name] == nil { launch(name, at: time.now) }
        guard outings[name] != nil else {
            return done(.notRunnable("its last attempt still hangs; it runs again when that has ended"))
        }
        outings[name]?.waiters.append { report in
            done(report.map(RunAnswer.completed) ?? .notRunnable("the configuration was replaced meanwhile"))
        }
    }

    private static func judged(_ check: ConfiguredCheck) -> JudgedCheck {
        JudgedCheck(check.definition, evidence: check.kind is HeartbeatKind ? .beats : .attempts)
    }

    private func take(_ checks: [ConfiguredCheck], at now: Instant) {
        var kept: [String: any Probe] = [:]
        for check in checks where check.definition.enabled {
            let name = check.definition.name
            guard let kind = check.kind as? any ProbeKind else { continue }
            if definitions[name]?.fingerprint == check.definition.fingerprint,
                let probe = probes.removeValue(forKey: name)
            {
                kept[name] = probe
            } else {
                kept[name] = kind.makeProbe(check.definition, context)
            }
        }
        for (name, probe) in probes {
            abandon(name)
            probe.close()
        }
        probes = kept
        definitions = Dictionary(
            checks.map { ($0.definition.name, $0.definition) }, uniquingKeysWith: { first, _ in first })
        heartbeats.replace(checks: Self.heartbeats(checks), at: now)
        scheduler.replace(checks: checks.map(\.definition).filter { kept[$0.name] != nil }, at: now)
    }

    /// The heartbeat checks among these.
    static func heartbeats(_ checks: [ConfiguredCheck]) -> [HeartbeatCheck] {
        checks.compactMap { check in
            (check.kind as? HeartbeatKind).map { HeartbeatCheck(check.definition, $0) }
        }
    }

    private func tick() {
        let now = time.now
        let lag = now - plannedTick
        if let jump = timeWatch.look(time, planned: plannedTick) { jumped(jump, at: now) }
        outings = outings.mapValues { outing in
            var outing = outing
            outing.lag = max(outing.lag, lag)
            return outing
        }
        if !isDraining {
            for flight in scheduler.giveUp(at: now) { overdue(flight, at: now) }
            for name in scheduler.due(at: now) { launch(name, at: now) }
        }
        hearHeartbeats(at: now)
        // After the work of this tick: what is still late now is late for a reason of our own.
        pulse.schedulerTicked(lateness: isDraining ? .zero : scheduler.lateness(at: time.now))
        pulse.boardTicked()
        board.tick()
        generation.advance()
        let next = [scheduler.nextWake(after: now), heartbeats.nextDeadline(after: now)].compactMap { $0 }
            .min()
        plannedTick = max(min(next ?? now + period, now + period), now + .milliseconds(1))
        timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds((plannedTick - time.now).nanoseconds)) {
            self.tick()
        }
    }

    private func hearHeartbeats(at now: Instant) {
        var changes: [HealthChange] = []
        let beats = heartbeats.results(at: now)
        for (name, result) in beats {
            changes += judge.record(result, of: name, at: now, wall: time.wall)
        }
        changes += judge.tick(at: now, wall: time.wall)
        if !beats.isEmpty || !changes.isEmpty { publish(changes) }
        for (name, result) in beats { note(result, of: name) }
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
        heartbeats.timeJumped(at: now)
        for flight in scheduler.resume(at: now) { abandon(flight.check) }
    }

    private func launch(_ name: String, at now: Instant) {
        guard let probe = probes[name], let flight = scheduler.start(name, at: now) else { return }
        let attempt = Attempt(started: now, deadline: flight.deadline)
        outings[name] = Outing(flight: flight, attempt: attempt, lag: flight.lag)
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
        guard let outing = outings[flight.check], outing.flight.number == flight.number else { return }
        var result = ProbeResult.overdue(
            outing.attempt, series: probes[flight.check]?.seriesWhenDown ?? [])
        result.duration = now - flight.started
        complete(outing, result, at: now)
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
        guard let outing = outings[flight.check], outing.flight.number == flight.number,
            scheduler.finish(flight, outcome: result.outcome, at: now) == .counts
        else {
            judge.discardedLate(flight.check)
            return
        }
        complete(outing, result, at: now)
    }

    private func complete(_ outing: Outing, _ raw: ProbeResult, at now: Instant) {
        let name = outing.flight.check
        outings[name] = nil
        var result = raw
        let lag = max(outing.lag, now - outing.flight.deadline - Scheduler.landingSlack)
        if result.outcome == .fail, result.reason?.code.hasPrefix("timeout") == true, lag > Self.excusingLag {
            result.outcome = .unknown
            result.reason = "inconclusive.lag"
            result.message = "vitald itself was late, so this says nothing: " + raw.message
        }
        result = result.withCommonSeries(timeout: outing.flight.deadline - outing.flight.started)
        let changes = judge.record(result, of: name, at: now, wall: time.wall)
        publish(changes)
        note(result, of: name)
        let report = board.report.check(named: name)
        for waiter in outing.waiters { waiter(report) }
    }

    private func abandon(_ name: String) {
        guard let outing = outings.removeValue(forKey: name) else { return }
        for waiter in outing.waiters { waiter(nil) }
    }

    private func note(_ result: ProbeResult, of name: String) {
        board.note(
            HistoryEntry(
                wall: time.wall, outcome: result.outcome,
                level: board.report.check(named: name)?.level ?? .unknown, reason: result.reason,
                message: result.message, duration: result.duration), of: name)
    }

    private func publish(_ changes: [HealthChange]) {
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
