// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the sampler counts of its own work.
struct KernelTallies {
    private let lines: TallyBook.Tally
    private let limited: TallyBook.Tally
    private let shown: TallyBook.Tally
    private let refusedNow: TallyBook.Tally

    init(_ book: TallyBook) {
        let dropped = MetricFamily(
            "vitald_dropped_total", .counter, "What vitald had to drop, by what it was and why.")
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

    /// Container series on the page now.
    func series(_ count: Int) { shown.set(Int64(count)) }
}
