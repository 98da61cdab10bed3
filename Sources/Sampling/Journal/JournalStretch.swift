// SPDX-License-Identifier: Apache-2.0

/// Entries that were read one after the other, beside the numbers that journald gave them.
///
/// libsystemd passes over a damaged entry, and says nothing: only the numbers tell.
struct JournalStretch {
    /// Behind this entry it begins.
    private var first: JournalCursor?
    private var count: UInt64 = 0

    /// Begins behind an entry; nil for the first one that will be read.
    init(behind first: JournalCursor?) { self.first = first }

    /// An entry was read.
    mutating func pass(_ handle: JournalHandle) {
        if first == nil { first = handle.cursor } else { count += 1 }
    }

    /// How many entries were not read of those up to this one, which was; 0 where the two were not numbered from the
    /// same source. Entries from other sources in between may make it less.
    func missing(upTo last: JournalCursor?) -> UInt64 {
        guard let first, let between = last?.entries(since: first), between + 1 > count else { return 0 }
        return between + 1 - count
    }
}
