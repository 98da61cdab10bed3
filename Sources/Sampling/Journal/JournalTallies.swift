// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// The counters of the journal, and the bound on how many units have their own.
final class JournalTallies: Sendable {
    /// So many units have counters of their own; what comes later shares one label, so that templates that are
    /// started by the thousand do not fill the page.
    static let mostUnits = 200
    /// The label of the rest.
    static let others = "__other__"

    private let book: TallyBook
    private let units = Mutex<Set<String>>([])

    init(_ book: TallyBook) { self.book = book }

    /// The label of a unit: its name, while there is room; always, where the configuration names it outright.
    func label(_ unit: String, isNamed: Bool = false) -> String {
        units.withLock { units in
            guard !units.contains(unit) else { return unit }
            guard isNamed || units.count < Self.mostUnits else { return Self.others }
            units.insert(unit)
            return unit
        }
    }

    /// Forgets the units that are not followed any more, and makes room for others.
    func keep(_ isFollowed: (String) -> Bool) {
        let gone = units.withLock { units in
            let gone = units.filter { !isFollowed($0) }
            units.subtract(gone)
            return gone
        }
        guard !gone.isEmpty else { return }
        for family in [JournalFamilies.messages, JournalFamilies.matches] {
            book.forget(family) { labels in labels.contains { $0.name == "unit" && gone.contains($0.value) } }
        }
    }

    /// The counters of a label, from the most urgent priority to the least.
    func messages(_ label: String) -> [TallyBook.Tally] {
        JournalPriority.allCases.map {
            book.tally(JournalFamilies.messages, [("unit", label), ("priority", $0.rawValue)])
        }
    }

    /// The counter of a pattern in a unit.
    func matches(_ pattern: String, _ label: String) -> TallyBook.Tally {
        book.tally(JournalFamilies.matches, [("pattern", pattern), ("unit", label)])
    }

    /// Counts what was not read: `vacuumed` entries that were deleted before, `missing` ones within what was
    /// read, `damaged` ones and files (once each, for nobody has counted their entries), `history` from before the start
    /// that takes too long or cannot be read (once a time), `memory` where a pattern could not be searched for.
    func drop(_ reason: StaticString, _ count: UInt64 = 1) {
        guard count > 0 else { return }
        book.tally(JournalFamilies.dropped, [("what", "journal"), ("reason", "\(reason)")])
            .add(Int64(clamping: count))
    }
}
