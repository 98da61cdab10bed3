// SPDX-License-Identifier: Apache-2.0

import Outbound
import Threads
import Vitals

/// An open connection on which no statement runs without a guard where there is one to be had.
final class PostgresSession {
    /// Where a statement comes from.
    enum Source {
        /// The configuration: it may do anything.
        case configured
        /// vitald itself.
        case own
    }

    let connection: PostgresConnection
    let since: Instant
    /// Why it was made to an address of earlier, where it was: then the name is asked for again soon.
    let staleBecause: ResolveFailure?
    private var guarding: PostgresGuard
    private let refusals: PostgresRefusals
    private let canceller: PostgresCanceller

    /// What was asked for last and may be what the other side hung up on.
    private(set) var suspect: PostgresExtra?
    /// Whether a statement is late that may still run on the server, and nothing ends it there.
    private(set) var isOverdue = false
    /// Whether the limits went along with what was sent last.
    private(set) var hasPrelude = false
    private var isSpent = false

    init(
        _ connection: PostgresConnection, _ guarding: PostgresGuard, _ refusals: PostgresRefusals,
        _ canceller: PostgresCanceller, since: Instant, staleBecause: ResolveFailure?
    ) {
        self.connection = connection
        self.guarding = guarding
        self.refusals = refusals
        self.canceller = canceller
        self.since = since
        self.staleBecause = staleBecause
    }

    /// Whether another attempt may use it.
    var isReusable: Bool {
        !isSpent && !connection.isBusy && connection.isOpen && !connection.isInTransaction
    }

    /// The rows of a query.
    ///
    /// - Parameter extra: what this is, where the check can do without it.
    func rows(
        of query: String, from source: Source = .own, extra: PostgresExtra? = nil, _ countdown: Countdown
    ) throws(PostgresFailure) -> [[String?]] {
        suspect = extra
        switch guarding {
        // The server gives up by itself in time, unless the attempt is late already.
        case .session(let limit) where limit < countdown.remaining: return try plain(query, countdown)
        case .none: return try plain(query, countdown)
        default: break
        }
        if refusals.cause(.limits) != nil || source == .configured && refusals.cause(.transaction) != nil {
            return try plain(query, countdown)
        }
        if !refusals.takesLimits { suspect = .limits }
        hasPrelude = true
        let prelude = PostgresLimits(within: countdown.remaining).prelude
        let answer = try answer(to: prelude + query, countdown)
        hasPrelude = false
        if answer.completed >= PostgresLimits.preludeCount { refusals.takesLimits = true }
        guard let refusal = answer.refusal else { return answer.rows }
        guard refusal.isRefusal, case .server(let code, _) = refusal, connection.isOpen else { throw refusal }
        if answer.completed >= PostgresLimits.preludeCount {
            // active_sql_transaction: VACUUM, CREATE DATABASE …; invalid_transaction_termination: a procedure that
            // commits. Nothing has been done yet.
            guard source == .configured, code == "25001" || code == "2D000" else { throw refusal }
            refusals.note(.transaction, refusal.cause)
            return try plain(query, countdown)
        }
        return try withoutLimits(query, refusal, extra, countdown)
    }

    /// Nothing of the message was done: either the limits were refused, or the query has an error of syntax, for
    /// which a server looks through the whole message first.
    private func withoutLimits(
        _ query: String, _ refusal: PostgresFailure, _ extra: PostgresExtra?, _ countdown: Countdown
    ) throws(PostgresFailure) -> [[String?]] {
        suspect = extra
        do throws(PostgresFailure) {
            let rows = try plain(query, countdown)
            loseLimits(refusal)
            return rows
        } catch {
            // The same error says nothing about the limits.
            if case .server = error, error.cause != refusal.cause { loseLimits(refusal) }
            throw error
        }
    }

    private func loseLimits(_ refusal: PostgresFailure) {
        refusals.note(.limits, refusal.cause)
        if !guarding.isSession { guarding = .none }
    }

    private func plain(_ query: String, _ countdown: Countdown) throws(PostgresFailure) -> [[String?]] {
        let answer = try answer(to: query, countdown)
        if let refusal = answer.refusal { throw refusal }
        return answer.rows
    }

    /// Asks, and does not leave a statement behind that nothing ends.
    private func answer(to text: String, _ countdown: Countdown) throws(PostgresFailure)
        -> PostgresConnection.Answer
    {
        // Some time is kept for the answer to a cancellation.
        let patience = guarding.isSession ? countdown : countdown.part(percent: 95)
        do throws(PostgresFailure) {
            return try connection.answer(to: text, patience)
        } catch {
            isSpent = true
            guard case .timeout = error, !guarding.isSession else { throw error }
        }
        isOverdue = true
        cancel()
        let answer: PostgresConnection.Answer
        do throws(PostgresFailure) {
            answer = try connection.finish(countdown)
            isOverdue = false
        } catch {
            if case .timeout = error {} else { isOverdue = false }
            throw .timeout(.processing)
        }
        // What the cancellation has made of it is our own doing.
        if answer.refusal != nil { throw .timeout(.processing) }
        return answer
    }

    /// Ends a transaction that a query has left open: it would hold its locks until the next attempt.
    func endTransaction(_ countdown: Countdown) {
        if connection.isInTransaction { _ = try? plain("ROLLBACK", countdown) }
    }

    // MARK: - A statement that is late

    private func cancel() {
        connection.keepAlive()
        // The server ends a statement with limits by itself.
        if !hasPrelude { canceller.cancel(connection) }
    }

    /// How the wait for a late statement ended.
    enum Settlement {
        case ended, running
    }

    /// Waits for the end of a statement of an earlier attempt; asks the server once more to end it.
    func settle(_ countdown: Countdown) -> Settlement {
        do throws(PostgresFailure) {
            do throws(PostgresFailure) {
                _ = try connection.finish(countdown.atMost(.milliseconds(1)))
            } catch .timeout {
                cancel()
                _ = try connection.finish(countdown)
            }
        } catch .timeout {
            return .running
        } catch {}
        isOverdue = false
        return .ended
    }
}
