// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the sampler counts of its own work.
struct KernelTallies {
    private let lines: TallyBook.Tally
    private let limited: TallyBook.Tally
    private let shown: TallyBook.Tally
    private let refusedNow: TallyBook.Tally
    private let book: TallyBook

    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald had to drop, by what it was and why.")

    init(_ book: TallyBook) {
        self.book = book
        let dropped = Self.dropped
        lines = book.tally(dropped, [("what", "kernel_line"), ("reason", "unreadable")])
        limited = book.tally(dropped, [("what", "container_series"), ("reason", "limit")])
        refusedNow = book.tally(dropped, [("what", "container"), ("reason", "limit")])
        shown = book.tally(
            MetricFamily("vitald_series", .gauge, "Series held, by kind."), [("kind", "container")])
    }

    /// Lines of kernel files that were not understood.
    func badLines(_ count: Int) { if count > 0 { lines.add(Int64(count)) } }

    /// Series left out for the limit, in one filling of the page.
    func limitedSeries(_ count: Int) { if count > 0 { limited.add(Int64(count)) } }

    /// Containers left out for the limit, in one reading.
    func refused(_ count: Int) { if count > 0 { refusedNow.add(Int64(count)) } }

    /// Processes whose open files were not counted for the limit, in one reading.
    func uncounted(_ count: Int) {
        guard count > 0 else { return }
        // Made when it is needed: where nobody asks for open files it would be a zero that means nothing.
        book.tally(Self.dropped, [("what", "process_descriptors"), ("reason", "limit")]).add(Int64(count))
    }

    /// Container series on the page now.
    func series(_ count: Int) { shown.set(Int64(count)) }
}
