// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// What a check asks at each attempt. The question itself comes first and decides; what else there is to know is asked
/// for after its answer, with the time that is left, and never makes a failure of it.
final class PostgresQuestion {
    private let kind: PostgresKind
    private let timeout: Duration
    private let time: any TimeSource
    private let refusals: PostgresRefusals
    private var statistics = PostgresStatistics()
    /// What the other side closed the connection at, once: that may have been chance.
    private var closedAt: Set<PostgresExtra> = []
    /// What this attempt did not learn, though nobody refuses it.
    private var gaps: [PostgresGap] = []

    init(_ kind: PostgresKind, timeout: Duration, time: any TimeSource, refusals: PostgresRefusals) {
        self.kind = kind
        self.timeout = timeout
        self.time = time
        self.refusals = refusals
    }

    /// Asks a session; throws what the question itself met.
    func ask(_ session: PostgresSession, _ countdown: Countdown, _ log: PhaseLog) throws(PostgresFailure)
        -> ProbeResult
    {
        log.enter(.processing)
        let started = time.now
        gaps = []
        var role: PostgresRole?
        if let query = kind.query {
            _ = try session.rows(of: query, from: .configured, countdown)
            session.endTransaction(countdown)
        } else {
            role = try askForRole(session, countdown)
        }
        let latency = time.now - started
        // The result must be reported in time, whatever becomes of the rest.
        let rest = Countdown(time: time, deadline: countdown.deadline - timeout / 10)
        if kind.query != nil {
            role = extra(.role, session, rest) { session, rest throws(PostgresFailure) in
                try PostgresRole.read(session, rest)
            }
        }
        if role?.isStandby == true {
            role?.lag = extra(.lag, session, rest) { session, rest throws(PostgresFailure) in
                try PostgresRole.readLag(session, rest)
            }
        }
        var use: PostgresUse?
        if kind.warnConnectionsPercent != nil {
            use = extra(.connections, session, rest) { session, rest throws(PostgresFailure) in
                try PostgresUse.read(session, rest)
            }
        }
        var findings = PostgresFindings(kind: kind, latency: latency, role: role, use: use)
        findings.gaps = gaps
        findings.version = session.connection.version
        findings.isLagRefused = refusals.cause(.lag) != nil
        var result = findings.result
        if kind.statistics {
            result.series = statistics.read(role: role, rest) { source, query in
                extra(source, session, rest) { session, rest throws(PostgresFailure) in
                    try session.rows(of: query, extra: source, rest)
                }
            } cause: { [refusals] in
                refusals.cause($0)
            }
        }
        return result
    }

    /// The question of a check that names none; the server's role comes along with it. Something that speaks Postgres
    /// without being one still has to answer SELECT 1.
    private func askForRole(_ session: PostgresSession, _ countdown: Countdown) throws(PostgresFailure)
        -> PostgresRole?
    {
        if !isRefused(.role) {
            do throws(PostgresFailure) {
                let role = try PostgresRole.read(session, countdown)
                refusals.forget(.role)
                return role
            } catch {
                guard error.isRefusal, session.isReusable else { throw error }
                refusals.note(.role, error.cause)
            }
        }
        _ = try session.rows(of: PostgresKind.defaultQuery, countdown)
        return nil
    }

    /// Asks for what is not the question; nil where that is not to be had, and a gap where nobody refuses it.
    private func extra<Value>(
        _ extra: PostgresExtra, _ session: PostgresSession, _ rest: Countdown,
        _ body: (PostgresSession, Countdown) throws(PostgresFailure) -> Value?
    ) -> Value? {
        guard !isRefused(extra) else { return nil }
        guard session.isReusable, rest.remaining > .zero else {
            gaps.append(PostgresGap(extra: extra, cause: .notAsked))
            return nil
        }
        do throws(PostgresFailure) {
            let value = try body(session, rest)
            refusals.forget(extra)
            closedAt.remove(extra)
            return value
        } catch {
            if !learn(error, at: extra, session) {
                gaps.append(PostgresGap(extra: extra, cause: PostgresGap.Cause(error)))
            }
            return nil
        }
    }

    /// Remembers how something was refused; false where that was no refusal.
    private func learn(_ failure: PostgresFailure, at extra: PostgresExtra, _ session: PostgresSession)
        -> Bool
    {
        switch failure {
        case .tooManyRows: refusals.note(extra, failure.cause)
        case _ where failure.isRefusal && session.connection.isOpen: refusals.note(extra, failure.cause)
        case _ where failure.mayBeHungUp || failure.endsKeptConnection:
            guard !closedAt.insert(extra).inserted else { return false }
            refusals.note(extra, .closed)
        default:
            // Late: it would be late again, and the server would have done all that work for nothing. What a threshold
            // needs is asked for all the same.
            if !kind.needs(extra) { refusals.note(extra, failure.cause) }
            return false
        }
        return true
    }

    /// Whether something was refused lately. What a threshold needs is asked for again sooner, and at every attempt
    /// where it was only late.
    private func isRefused(_ extra: PostgresExtra) -> Bool {
        let interval =
            kind.needs(extra) ? Refusals<PostgresExtra>.shortInterval : Refusals<PostgresExtra>.interval
        guard let cause = refusals.cause(extra, for: interval) else { return false }
        return cause != .late || !kind.needs(extra)
    }
}
