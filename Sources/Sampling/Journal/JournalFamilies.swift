// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The families of the journal.
enum JournalFamilies {
    static let messages = MetricFamily(
        "vitald_journal_messages_total", .counter,
        "Journal entries of the followed units since vitald started, by priority.")
    static let matches = MetricFamily(
        "vitald_journal_pattern_matches_total", .counter,
        "Journal entries of the followed units that hold a pattern of the configuration.")
    static let lag = MetricFamily(
        "vitald_journal_lag_seconds", .gauge,
        "Age of the oldest journal entry that is not read yet, 0 where all are.")
    static let success = MetricFamily(
        "vitald_collector_success", .gauge, "Whether the collector could do its work for this page.")
    static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald had to drop, by what it was and why.")
}
