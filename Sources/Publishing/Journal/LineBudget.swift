// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How many lines the log may have: fewer than journald takes of a service (RateLimitBurst=10000 within
/// RateLimitIntervalSec=30s, journald.conf(5)), which would drop the urgent with the others, and say no more than how
/// many.
struct LineBudget {
    /// So many that tell of nothing bad, within any period; half of them at once.
    static let most = 2000
    /// So many warnings.
    static let mostWarnings = 4000
    /// So many errors and worse: why vitald ends must be read, whatever it warned of before.
    static let mostErrors = 3000
    /// The period of all three.
    static let period = Duration.seconds(30)

    /// Holds half of what a period may have and fills with the other half evenly, so that no period has more.
    private struct Bucket {
        let most: Int
        var missing = Duration.zero
        var looked: Instant?

        /// What one line takes.
        private var price: Duration { .nanoseconds(LineBudget.period.nanoseconds / Int64(most / 2)) }

        mutating func take(at now: Instant) -> Bool {
            missing = max(.zero, missing - (now - (looked ?? now)))
            looked = now
            guard missing + price <= LineBudget.period else { return false }
            missing += price
            return true
        }
    }

    private var usual = Bucket(most: most)
    private var warnings = Bucket(most: mostWarnings)
    private var errors = Bucket(most: mostErrors)
    private var kept = 0
    private var keptSince: Instant?

    /// Whether a line may be written now; one that may not is counted.
    mutating func admits(_ priority: JournalEntry.Priority, at now: Instant) -> Bool {
        let isAdmitted =
            switch priority {
            case .critical, .error: errors.take(at: now)
            case .warning: warnings.take(at: now)
            case .notice, .info, .debug: usual.take(at: now)
            }
        guard !isAdmitted else { return true }
        kept += 1
        keptSince = keptSince ?? now
        return false
    }

    /// How many were kept back, once in a period and at the end; nil where there is nothing to say yet.
    mutating func account(at now: Instant, isLast: Bool) -> Int? {
        guard let since = keptSince, isLast || now - since >= Self.period else { return nil }
        defer {
            kept = 0
            keptSince = nil
        }
        return kept
    }
}
