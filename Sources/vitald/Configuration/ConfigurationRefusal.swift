// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A configuration that is refused: everything that is wrong with it, in the order of its lines.
struct ConfigurationRefusal: Error, Sendable {
    /// What is wrong; at least one.
    let faults: [ConfigurationFault]
    /// How many more there are that are not listed.
    let unlisted: Int

    /// Sorts the faults by line; what has no line (flags, the file as a whole) comes last.
    init(_ faults: [ConfigurationFault], unlisted: Int = 0) {
        self.faults = faults.enumerated().sorted { a, b in
            let x = (a.element.line ?? Int.max, a.element.column ?? 0, a.offset)
            let y = (b.element.line ?? Int.max, b.element.column ?? 0, b.offset)
            return x < y
        }.map(\.element)
        self.unlisted = unlisted
    }

    /// One sentence (place, fact, remedy) for each fault, and one that counts those left out.
    var sentences: [String] {
        faults.map(\.description) + (unlisted == 0 ? [] : ["and \(unlisted) more faults. Mend these first."])
    }

    /// What a status line says: the first sentence, and how many follow.
    var summary: String {
        let more = faults.count + unlisted - 1
        return (faults.first?.description ?? "") + (more > 0 ? " (and \(more) more)" : "")
    }
}
