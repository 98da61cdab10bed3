// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What of the journal is read; may be replaced while the daemon runs.
package struct JournalOptions: Sendable {
    /// Globs of the units that are followed; those of journal checks come on top.
    package var units: [String]
    /// What is counted in their messages.
    package var patterns: [JournalPattern]
    /// How many of the last errors of a unit are kept.
    package var keepErrors: Int
    /// Where the files lie.
    package var place: JournalPlace

    /// How many errors are kept by default.
    package static let usualErrors = 10

    /// Makes options.
    package init(
        units: [String] = [], patterns: [JournalPattern] = [], keepErrors: Int = usualErrors,
        place: JournalPlace = .system
    ) {
        self.units = units
        self.patterns = patterns
        self.keepErrors = keepErrors
        self.place = place
    }

    /// Whether a pattern names one unit outright.
    static func isLiteral(_ pattern: String) -> Bool {
        !pattern.utf8.contains {
            $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
        }
    }

    /// Whether a unit is covered; a name without wildcards is taken to the letter, escapes and all.
    static func covers(_ patterns: [String], _ unit: String) -> Bool {
        patterns.contains { $0 == unit || (!isLiteral($0) && Glob.matches($0, unit)) }
    }
}
