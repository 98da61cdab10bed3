// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import Vitals

/// What the keeper's thread holds while it watches: the watchdog, the last reading, the open questions.
struct KeeperWatch: ~Copyable {
    private let outside: Keeper.Surroundings
    private var watchdog: Watchdog
    private var nextLook: Instant
    private var last: Pulse.Reading
    private var lastCompleted: UInt64
    private var echoesAsked: UInt64 = 0
    private var asked = Instant.distantPast
    private var ping: SelfQuery?
    private var livez: SelfQuery?
    private var listeners = ListenerWatch()
    private var expectedGeneration: UInt64 = 0
    private var gaveUp = false
    private var stopping: Instant?
    private var reportedStalled = false

    init(_ outside: Keeper.Surroundings) {
        self.outside = outside
        watchdog = Watchdog(watching: outside.watching ?? Keeper.defaultWindow)
        nextLook = outside.time.now + watchdog.period
        last = outside.pulse.reading
        lastCompleted = outside.samplerProgress().completed
        ask()
    }

    /// Waits for signals and looks, for as long as the process lives.
    mutating func keep() {
        var set = Keeper.signals
        while true {
            var timeout = wait
            var info = siginfo_t()
            wake(sigtimedwait(&set, &info, &timeout))
        }
    }

    /// Does what is due after a wait that ended with this signal, or with none (below 1).
    mutating func wake(_ signal: Int32) {
        switch signal {
        case SIGHUP: outside.reload()
        case SIGTERM, SIGINT: stop(signal)
        default: break
        }
        let now = outside.time.now
        if let stopping, now - stopping >= Keeper.stopPatience {
            outside.log.write(
                JournalEntry(
                    .stopping, .error,
                    "stopping took longer than \(DurationText.render(Keeper.stopPatience)): ending at once"))
            outside.log.flush()
            outside.giveUp(1)
        }
        readAnswers()
        if now >= nextLook {
            look(at: now)
            nextLook = now + watchdog.period
        }
    }

    /// Until the next look, or shortly where an answer or a full queue is waited for.
    private var wait: timespec {
        let now = outside.time.now
        var duration = nextLook - now
        if isWaiting, now - asked < Keeper.queryPatience {
            // Nearly every answer is there within a millisecond: look soon, then more seldom.
            duration = min(duration, max(.milliseconds(5), .nanoseconds((now - asked).nanoseconds)))
        }
        // systemd kills a service that stops for 15 s: the end must be ours, and told.
        if let stopping { duration = min(duration, stopping + Keeper.stopPatience - now) }
        let nanoseconds = max(duration.nanoseconds, 1_000_000)
        return timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }

    private var isWaiting: Bool { ping?.standing == .open || livez?.standing == .open }

    private mutating func stop(_ number: Int32) {
        if stopping != nil {
            outside.giveUp(128 + number)
            return
        }
        stopping = outside.time.now
        outside.stop()
    }

    private mutating func look(at now: Instant) {
        let reading = outside.pulse.reading
        let sampler = outside.samplerProgress()
        var findings: [Watchdog.Source: Watchdog.Finding] = [:]
        let scheduled =
            reading.schedulerTicks != last.schedulerTicks
            && reading.schedulerLateness <= Keeper.toleratedLateness
        findings[.scheduler] = scheduled ? .progress : .still
        findings[.board] = reading.boardTicks != last.boardTicks ? .progress : .still
        findings[.loop] = reading.loopEchoes >= echoesAsked ? .progress : .still
        findings[.sampler] =
            sampler.completed != lastCompleted || sampler.completed >= sampler.submitted ? .progress : .still
        findings[.listeners] = listeners.look(outside.listeners())
        findings[.socket] = finding(ping, of: .socket)
        findings[.http] = finding(livez, of: .http)
        last = reading
        lastCompleted = sampler.completed
        // While draining, listeners are closed and checks rest on purpose: only the loop itself is asked.
        if stopping != nil { findings = findings.filter { $0.key == .loop } }
        judge(watchdog.look(findings, at: now))
        outside.notifier.flush()
        outside.log.flush()
        if reading.loopEchoes >= echoesAsked { ask() }
    }

    private mutating func judge(_ verdict: Watchdog.Verdict) {
        switch verdict {
        case .beat(let misses):
            count(misses)
            if reportedStalled {
                reportedStalled = false
                outside.log.write(
                    JournalEntry(.watchdogMiss, .notice, "all parts of vitald make progress again"))
            }
            beat()
        case .wait(let misses):
            count(misses)
        case .void:
            beat()
        case .stalled(let sources):
            count(sources)
            report(sources)
        }
    }

    private mutating func report(_ sources: [Watchdog.Source]) {
        guard !reportedStalled else { return }
        reportedStalled = true
        let names = sources.map(\.rawValue).joined(separator: ", ")
        let sentence = "watchdog: \(names) stalled (\(watchdog.table))"
        outside.log.write(
            JournalEntry(.watchdogStalled, .critical, sentence, fields: [("VITALD_STALLED", names)]))
        guard outside.watching != nil else { return }
        gaveUp = true
        outside.notifier.send(Notifier.status(sentence) + "\nWATCHDOG=trigger")
    }

    /// Beats only for a manager that asked for it: without WATCHDOG_USEC of our own, nobody shall hear any.
    private func beat() {
        if outside.watching != nil, !gaveUp { outside.notifier.beat() }
    }

    private func count(_ misses: [Watchdog.Source]) {
        for source in misses {
            outside.tallies.tally(OwnFamilies.watchdogMisses, [("source", source.rawValue)]).add()
        }
    }

    private func finding(_ query: SelfQuery?, of source: Watchdog.Source) -> Watchdog.Finding? {
        guard let query else { return nil }
        switch query.poll() {
        case .notAsked: return nil
        case .answered(let generation): return generation >= expectedGeneration ? .progress : .still
        case .open:
            let wasAsked = outside.questions.filter { $0.source == source }.allSatisfy { errand in
                !listeners.heldUp.contains(errand.path)
                    && !listeners.isQueued(at: errand.path, since: query.before)
            }
            return wasAsked ? .still : nil
        case .failed: return .still
        }
    }

    /// Puts the next round of questions: a no-op to the loop, a line and a request to our own sockets.
    private mutating func ask() {
        expectedGeneration = outside.generation()
        asked = outside.time.now
        echoesAsked = outside.pulse.reading.loopEchoes &+ 1
        let pulse = outside.pulse
        outside.onLoop { pulse.loopEchoed() }
        guard stopping == nil else {
            (ping, livez) = (nil, nil)
            return
        }
        for errand in outside.questions {
            // One that is not answered yet is not asked again: connections would pile up before those of clients.
            let last = errand.source == .socket ? ping : livez
            if last?.standing == .open { continue }
            let query = SelfQuery(
                errand.question, path: errand.path, isOwn: errand.isOwn, accepts: errand.accepts)
            switch errand.source {
            case .socket: ping = query
            case .http: livez = query
            default: break
            }
        }
    }

    private mutating func readAnswers() {
        _ = ping?.poll()
        _ = livez?.poll()
    }
}
