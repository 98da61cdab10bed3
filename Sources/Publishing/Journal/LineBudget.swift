// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How many lines the log may have: fewer than journald takes of a service (RateLimitBurst=10000 within
/// RateLimitIntervalSec=30s, journald.conf(5)), which would drop the urgent with the others, and say no more than how
/// many.
struct LineBudget {
    /// So many that tell of nothing bad, at once and in each period.
    static let most = 1000
    /// So many warnings and worse.
    static let mostUrgent = 5000
    /// In this time all of them may be written again.
    static let period = Duration.seconds(30)

    /// Fills evenly, and is never fuller than at the beginning.
    private struct Bucket {
        let most: Int
        var missing = Duration.zero
        var looked: Instant?

        /// What one line takes.
        private var price: Duration { .nanoseconds(LineBudget.period.nanoseconds / Int64(most)) }

        mutating func take(at now: Instant) -> Bool {
            missing = max(.zero, missing - (now - (looked ?? now)))
            looked = now
            guard missing + price <= LineBudget.period else { return false }
            missing += price
            return true
        }
    }

    private var usual = Bucket(most: most)
    private var urgent = Bucket(most: mostUrgent)
    private var kept = 0
    private var keptSince: Instant?

    /// Whether a line may be written now; one that may not is counted.
    mutating func admits(_ priority: JournalEntry.Priority, at now: Instant) -> Bool {
        let isAdmitted = priority <= .warning ? urgent.take(at: now) : usual.take(at: now)
        guard !isAdmitted else { return true }
        kept += 1
        keptSince = keptSince ?? now
        return false
    }

    /// How many were kept back, once in a period; nil where there is nothing to say yet.
    mutating func account(at now: Instant) -> Int? {
        guard let since = keptSince, now - since >= Self.period else { return nil }
        defer {
            kept = 0
            keptSince = nil
        }
        return kept
    }
}
