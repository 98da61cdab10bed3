// SPDX-License-Identifier: Apache-2.0

/// A named pattern of the configuration, whose matches are counted.
package struct JournalPattern: Sendable {
    /// Its name, a label.
    package let name: String
    /// What is sought.
    package let search: JournalSearch
    /// Globs of the units in whose messages.
    package let units: [String]

    /// Makes a pattern.
    package init(name: String, search: JournalSearch, units: [String]) {
        self.name = name
        self.search = search
        self.units = units
    }
}
