// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the sampler counts of its own work.
struct KernelTallies {
    private let lines: TallyBook.Tally
    private let limited: TallyBook.Tally
    private let shown: TallyBook.Tally
    private let refusals: TallyBook.Tally
    private let gauges: [(subject: Unmeasured.Subject, cause: Unmeasured.Cause, tally: TallyBook.Tally)]
    private let book: TallyBook

    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald had to drop, by what it was and why.")

    init(_ book: TallyBook) {
        self.book = book
        let dropped = Self.dropped
        lines = book.tally(dropped, [("what", "kernel_line"), ("reason", "unreadable")])
        limited = book.tally(dropped, [("what", "container_series"), ("reason", "limit")])
        refusals = book.tally(dropped, [("what", "container"), ("reason", "limit")])
        shown = book.tally(
            MetricFamily("vitald_series", .gauge, "Series held, by kind."), [("kind", "container")])
        gauges = Self.kinds.map { subject, cause in
            (
                subject, cause,
                book.tally(Self.absent, [("what", subject.rawValue), ("reason", cause.rawValue)])
            )
        }
    }

    private static let absent = MetricFamily(
        "vitald_missing", .gauge, "What vitald does not show now, by what it is and why.")

    /// What there can be.
    private static let kinds: [(Unmeasured.Subject, Unmeasured.Cause)] = [
        (.container, .limit), (.containerSeries, .limit), (.cgroup, .limit), (.cgroup, .resources),
        (.cgroup, .kernel), (.containerFile, .resources), (.containerFile, .kernel),
    ]

    /// What is left out now.
    func missing(_ cuts: [Unmeasured]) {
        for (subject, cause, tally) in gauges {
            let cut = cuts.first { $0.subject == subject && $0.cause == cause }
            tally.set(Int64(cut?.count ?? 0))
        }
        // Made when it is needed: where nobody asks for open files it would be a zero that means nothing.
        let uncounted = cuts.first { $0.subject == .processDescriptors }?.count ?? 0
        let labels = [("what", Unmeasured.Subject.processDescriptors.rawValue), ("reason", "limit")]
        let isKnown = book.values(of: Self.absent).contains { $0.labels.first?.value == labels[0].1 }
        if uncounted > 0 || isKnown { book.tally(Self.absent, labels).set(Int64(uncounted)) }
    }

    /// Lines of kernel files that were not understood.
    func badLines(_ count: Int) { if count > 0 { lines.add(Int64(count)) } }

    /// Series left out for the limit that were not left out of the page before.
    func limitedSeries(_ count: Int) { if count > 0 { limited.add(Int64(count)) } }

    /// Containers left out for the limit that were not left out before.
    func refused(_ count: Int) { if count > 0 { refusals.add(Int64(count)) } }

    /// Processes whose open files are not counted for the limit, and that were before.
    func uncounted(_ count: Int) {
        guard count > 0 else { return }
        // Made when it is needed: where nobody asks for open files it would be a zero that means nothing.
        book.tally(Self.dropped, [("what", "process_descriptors"), ("reason", "limit")]).add(Int64(count))
    }

    /// Container series on the page now.
    func series(_ count: Int) { shown.set(Int64(count)) }
}
