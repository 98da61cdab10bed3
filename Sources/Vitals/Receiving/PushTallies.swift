// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts pushed items for the page, for all doors.
package final class PushTallies: Sendable {
    /// What became of an item.
    package enum Result: String, Sendable {
        /// It counts.
        case accepted
        /// It was refused.
        case rejected
    }

    /// Pushed items by door, kind and result.
    package static let family = MetricFamily(
        "vitald_push_items_total", .counter,
        "Pushed items by door, kind and result. A batch that is refused as a whole counts once, as kind batch."
    )
    /// The label of items of which the kind is not known: names that senders invent never become labels.
    package static let unknownKind = "unknown"

    private struct Key: Hashable {
        let door: PushDoor
        let kind: String
        let result: Result
    }

    private let book: TallyBook
    private let tallies = Mutex<[Key: TallyBook.Tally]>([:])

    /// Counts in this book.
    package init(_ book: TallyBook) { self.book = book }

    /// Counts items.
    package func count(_ kind: String, at door: PushDoor, _ result: Result, _ count: Int = 1) {
        let key = Key(door: door, kind: kind, result: result)
        let tally = tallies.withLock { tallies in
            if let tally = tallies[key] { return tally }
            let tally = book.tally(
                Self.family, [("door", door.rawValue), ("kind", kind), ("result", result.rawValue)])
            tallies[key] = tally
            return tally
        }
        tally.add(Int64(count))
    }

    /// Counts the items of a push that was taken apart.
    package func count(_ receipt: PushReceipt, at door: PushDoor) {
        for (kind, count) in receipt.accepted { self.count(kind.rawValue, at: door, .accepted, count) }
        for rejection in receipt.rejections {
            count(rejection.kind?.rawValue ?? Self.unknownKind, at: door, .rejected)
        }
    }
}
