// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Threads
import Vitals

/// Probes one Postgres database: keeps a connection, asks it at every attempt, and makes a new one every minute,
/// so that what keeps clients out (passwords, limits, addresses) is seen too.
///
/// The server has one backend for it at a time, and two only while the new connection takes over from the old one.
final class PostgresProbe: LaneWork {
    /// A kept connection says nothing about whether a new one would be taken.
    static let reconnectInterval = Duration.seconds(60)
    /// A connection of ours that has just ended may still count on the server for so long at most.
    static let endPatience = Duration.seconds(1)
    /// A late statement that no limit ends is waited for so long, then its connection is given up: a proxy that has lost
    /// its backend keeps the connection up and never answers.
    static let firstPatience = Duration.seconds(300)
    /// The wait doubles from one that is not answered to the next, up to this: where the statement does run, each new
    /// connection is one more backend that waits.
    static let longestPatience = Duration.seconds(3600)

    private let kind: PostgresKind
    private let timeout: Duration
    private let time: any TimeSource
    private let verdict: PostgresVerdict
    private let refusals: PostgresRefusals
    private let dialer: PostgresDialer
    private let question: PostgresQuestion
    private var kept: PostgresSession?
    /// One with a statement that is late and may still run on the server: no other is opened beside it.
    private var held: (session: PostgresSession, since: Instant)?
    /// How long the next one without limits is held.
    private var patience = PostgresProbe.firstPatience
    /// Whether there has been a connection: before the first one, that of a predecessor may still count.
    private var hasConnected = false

    init(
        _ kind: PostgresKind, timeout: Duration, time: any TimeSource, resolver: Resolver,
        refusals: PostgresRefusals
    ) {
        self.kind = kind
        self.timeout = timeout
        self.time = time
        verdict = PostgresVerdict(target: kind.database)
        self.refusals = refusals
        dialer = PostgresDialer(
            kind, timeout: timeout, time: time, resolver: resolver, refusals: refusals)
        question = PostgresQuestion(kind, timeout: timeout, time: time, refusals: refusals)
    }

    var seriesWhenDown: [SeriesPoint] {
        [SeriesPoint(PostgresFamilies.up, .integer(0), whenStale: .zero)]
    }

    func close() {
        kept = nil
        held = nil
        dialer.close()
    }

    func probe(_ attempt: Attempt) -> ProbeResult {
        let log = PhaseLog(attempt: attempt, time: time)
        let countdown = Countdown(time: time, deadline: attempt.deadline)
        var result = examine(attempt, countdown, log)
        log.leave()
        result.phases = log.timings
        let up =
            result.outcome == .pass || result.outcome == .warn && result.reason != "starting"
            || result.reason == .partial
        result.series.insert(
            SeriesPoint(PostgresFamilies.up, .integer(up ? 1 : 0), whenStale: .zero), at: 0)
        refusals.tell(&result)
        return result
    }

    private func examine(_ attempt: Attempt, _ countdown: Countdown, _ log: PhaseLog) -> ProbeResult {
        if let running = settle(countdown, log) { return running }
        let isFresh = kept.map {
            $0.staleBecause == nil && attempt.started - $0.since < Self.reconnectInterval
        }
        if let kept, isFresh == true {
            do throws(PostgresFailure) {
                let result = try question.ask(kept, countdown, log)
                release(kept)
                return result
            } catch {
                let hasEnded = error.endsKeptConnection || !kept.connection.isOpen
                // The server kept its limit: the connection is as good as before. After any other error a new one shows
                // whether that is so for everybody, after a failover for example.
                if error.isLimitReached, kept.isReusable { return verdict.result(error, allowed: timeout) }
                release(kept)
                self.kept = nil
                // That it ended while idle is no failure of the target: a new connection shows what is.
                guard hasEnded else { return verdict.result(error, allowed: timeout) }
                kept.connection.close(countdown.part(percent: 25).atMost(Self.endPatience))
            }
        }
        return renew(countdown, log)
    }

    /// Makes the new connection before the old one goes, unless the server has no place for both, or a new one is
    /// waited for since an earlier attempt.
    private func renew(_ countdown: Countdown, _ log: PhaseLog) -> ProbeResult {
        if let old = kept, refusals.cause(.secondConnection) != nil || dialer.isWaiting {
            old.connection.close(countdown.part(percent: 25).atMost(Self.endPatience))
            kept = nil
        }
        var tried: [PostgresExtra] = []
        while true {
            let session: PostgresSession
            switch dial(countdown, log) {
            case .success(let made): session = made
            case .failure(let refusal):
                tried.forEach { refusals.forget($0) }
                guard refusal.result.reason == "saturated", let old = kept else {
                    // An old connection stays: what refuses the new one may be gone at the next attempt.
                    return refusal.result
                }
                return askSaturated(old, refused: refusal.result, countdown, log)
            }
            kept = session
            do throws(PostgresFailure) {
                var result = try question.ask(session, countdown, log)
                if let stale = session.staleBecause { result.note(stale) }
                release(session)
                return result
            } catch {
                if error.isLimitReached, session.isReusable { return verdict.result(error, allowed: timeout) }
                release(session)
                kept = nil
                if error.mayBeHungUp, !session.connection.isOpen, let suspect = session.suspect,
                    !tried.contains(suspect)
                {
                    // Perhaps because of what it was asked beside the question: once more, without that.
                    tried.append(suspect)
                    refusals.note(suspect, .closed)
                    continue
                }
                tried.forEach { refusals.forget($0) }
                return verdict.result(error, allowed: timeout)
            }
        }
    }

    /// A new connection. Before the first one, that of another vitald may still be ending (a reload, a restart), so
    /// that a server without a place is asked once more.
    private func dial(_ countdown: Countdown, _ log: PhaseLog) -> Result<PostgresSession, Refusal> {
        let result = dialer.dial(countdown, log)
        switch result {
        case .success: hasConnected = true
        case .failure(let refusal):
            guard refusal.result.reason == "saturated", !hasConnected else { return result }
            hasConnected = true
            let pause = countdown.part(percent: 25).atMost(Self.endPatience).remaining
            poll(nil, 0, Int32(clamping: pause.nanoseconds / 1_000_000))
            return dialer.dial(countdown, log)
        }
        return result
    }

    // MARK: - A server without a place

    /// The new connection was refused because no slot is free, but ours may still be served: then the server works, for
    /// those who are in. Where ours may be what fills the last place, that says nothing about the server.
    private func askSaturated(
        _ old: PostgresSession, refused: ProbeResult, _ countdown: Countdown, _ log: PhaseLog
    ) -> ProbeResult {
        do throws(PostgresFailure) {
            var result = try question.ask(old, countdown, log)
            guard result.outcome != .fail else {
                release(old)
                return result
            }
            switch PostgresRoom.read(old, countdown) {
            case .takenByOthers:
                result.outcome = .warn
                result.reason = refused.reason
                result.message = refused.message + ", while the connection of vitald still answers"
            case .maybeTakenByUs:
                // The next attempt closes it before it connects.
                refusals.note(.secondConnection, .code("SQLSTATE 53300"))
            }
            release(old)
            return result
        } catch {
            release(old)
            kept = nil
            return refused
        }
    }

    // MARK: - Statements that are late

    /// Lets go of a session that cannot be used again; holds one of which a statement may still run on the server.
    private func release(_ session: PostgresSession) {
        guard !session.isReusable else {
            patience = Self.firstPatience
            return
        }
        kept = nil
        if session.isOverdue, session.connection.isOpen { held = (session, time.now) }
    }

    /// Waits for the end of a statement of an earlier attempt; the result of this attempt where it goes on.
    private func settle(_ countdown: Countdown, _ log: PhaseLog) -> ProbeResult? {
        guard let held else { return nil }
        log.enter(.processing)
        // Limits that went along with it end it, whenever it began, and one that has not begun is let go of.
        let hasLimits = held.session.hasPrelude
        let most = hasLimits ? timeout : patience
        guard time.now - held.since < most else {
            self.held = nil
            if !hasLimits { patience = min(patience + patience, Self.longestPatience) }
            return nil
        }
        switch held.session.settle(countdown.part(percent: 50)) {
        case .ended:
            self.held = nil
            patience = Self.firstPatience
            return nil
        case .running:
            return verdict.unanswered(since: held.since, now: time.now, allowed: timeout, atMost: most)
        }
    }
}
