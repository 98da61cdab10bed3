// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Which units are followed, and what is done with the entries of each. Used by the journal's thread alone.
final class JournalRoster {
    /// Something that is sought, and what that costs.
    struct Search {
        let what: JournalSearch
        let cost: JournalCost
    }

    /// One followed unit.
    final class Unit {
        /// From the most urgent priority to the least.
        let messages: [TallyBook.Tally]
        /// The patterns that are counted in its messages.
        let patterns: [(search: Search, tally: TallyBook.Tally)]
        /// Who watches it, and for what beside errors.
        let watches: [(watch: JournalWatch, search: Search?)]

        init(
            messages: [TallyBook.Tally], patterns: [(search: Search, tally: TallyBook.Tally)],
            watches: [(watch: JournalWatch, search: Search?)]
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
    private let watches: [(watch: JournalWatch, search: Search?)]
    private let patterns: [(pattern: JournalPattern, search: Search)]
    private let tallies: JournalTallies
    private var known: [String: Place] = [:]

    /// Names that were looked up already; beyond so many they are looked up anew.
    private static let mostKnown = 4096

    /// Makes a roster; units that are named outright have their counters, at zero, from now on.
    init(_ options: JournalOptions, _ watches: [JournalWatch], _ tallies: JournalTallies) {
        self.options = options
        let patterns = options.patterns.map { pattern in
            let cost = JournalCost("the pattern \"\(pattern.name)\" of journal.patterns")
            return (pattern, Search(what: pattern.search, cost: cost))
        }
        self.patterns = patterns
        self.watches = watches.map { watch in
            switch watch.plan.pattern {
            case .own(let what):
                let cost = JournalCost("`regex` of a check of \(watch.plan.units.joined(separator: " "))")
                return (watch, Search(what: what, cost: cost))
            case .named(let name): return (watch, patterns.first { $0.0.name == name }?.1)
            case nil: return (watch, nil)
            }
        }
        self.tallies = tallies
        for unit in options.units + watches.flatMap(\.plan.units) where JournalOptions.isLiteral(unit) {
            _ = self.unit(unit)
        }
    }

    /// What to do with the entries of a unit; nil where it is not followed.
    func unit(_ name: String) -> Unit? {
        switch known[name] {
        case .followed(let unit): return unit
        case .stranger: return nil
        case nil: break
        }
        if known.count >= Self.mostKnown { known.removeAll(keepingCapacity: true) }
        let watching = watches.filter { JournalOptions.covers($0.watch.plan.units, name) }
        guard !watching.isEmpty || JournalOptions.covers(options.units, name) else {
            known[name] = .stranger
            return nil
        }
        let label = tallies.label(name, isNamed: isNamed(name))
        let unit = Unit(
            messages: tallies.messages(label),
            patterns: patterns.filter { JournalOptions.covers($0.pattern.units, name) }.map {
                ($0.search, tallies.matches($0.pattern.name, label))
            },
            watches: watching)
        known[name] = .followed(unit)
        return unit
    }

    private func isNamed(_ name: String) -> Bool {
        options.units.contains(name) || watches.contains { $0.watch.plan.units.contains(name) }
    }

    /// What takes too long to seek, one sentence each.
    var slow: [String] {
        let searches = patterns.map(\.search) + watches.compactMap(\.search)
        return searches.map(\.cost).filter(\.isSlow).map(\.sentence).reduce(into: []) { told, sentence in
            if !told.contains(sentence) { told.append(sentence) }
        }
    }
}
