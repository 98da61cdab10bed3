// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Which units are followed, and what is done with the entries of each. Used by the journal's thread alone.
struct JournalRoster {
    /// One followed unit.
    final class Unit {
        /// From the most urgent priority to the least.
        let messages: [TallyBook.Tally]
        /// The patterns that are counted in its messages.
        let patterns: [(search: JournalSearch, tally: TallyBook.Tally)]
        /// Who watches it, and for what beside errors.
        let watches: [(watch: JournalWatch, search: JournalSearch?)]

        init(
            messages: [TallyBook.Tally], patterns: [(search: JournalSearch, tally: TallyBook.Tally)],
            watches: [(watch: JournalWatch, search: JournalSearch?)]
        ) {
            self.messages = messages
            self.patterns = patterns
            self.watches = watches
        }
    }

    private enum Place {
        case followed(Unit)
        case stranger
    }

    private let options: JournalOptions
    private let watches: [JournalWatch]
    private let tallies: JournalTallies
    private var known: [String: Place] = [:]

    /// Names that were looked up already; beyond so many they are looked up anew.
    private static let mostKnown = 4096

    /// Makes a roster; units that are named outright have their counters, at zero, from now on.
    init(_ options: JournalOptions, _ watches: [JournalWatch], _ tallies: JournalTallies) {
        self.options = options
        self.watches = watches
        self.tallies = tallies
        for unit in options.units + watches.flatMap(\.plan.units) where JournalOptions.isLiteral(unit) {
            _ = self.unit(unit)
        }
    }

    /// What to do with the entries of a unit; nil where it is not followed.
    mutating func unit(_ name: String) -> Unit? {
        switch known[name] {
        case .followed(let unit): return unit
        case .stranger: return nil
        case nil: break
        }
        if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
        let watching = watches.filter { JournalOptions.covers($0.plan.units, name) }
        guard !watching.isEmpty || JournalOptions.covers(options.units, name) else {
            known[name] = .stranger
            return nil
        }
        let label = tallies.label(name)
        let unit = Unit(
            messages: tallies.messages(label),
            patterns: options.patterns.filter { JournalOptions.covers($0.units, name) }.map {
                ($0.search, tallies.matches($0.name, label))
            },
            watches: watching.map { ($0, search(of: $0)) })
        known[name] = .followed(unit)
        return unit
    }

    private func search(of watch: JournalWatch) -> JournalSearch? {
        switch watch.plan.pattern {
        case .own(let search): search
        case .named(let name): options.patterns.first { $0.name == name }?.search
        case nil: nil
        }
    }
}
