// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Label texts that do not belong to a container, rendered once into the sheet's slab.
struct LabelCache {
    private struct Key: Hashable {
        let name: String
        let value: String
        let other: String
    }

    private var known: [Key: Sheet.Labels] = [:]

    /// The labels of one pair.
    mutating func labels(_ name: String, _ value: String, _ sheet: inout Sheet) -> Sheet.Labels {
        let key = Key(name: name, value: value, other: "")
        if let labels = known[key] { return labels }
        let labels = sheet.labels([(name, value)])
        known[key] = labels
        return labels
    }

    /// The labels of several pairs, told apart by two texts.
    mutating func labels(
        _ kind: String, _ value: String, _ other: String, _ sheet: inout Sheet,
        _ pairs: () -> [(name: String, value: String)]
    ) -> Sheet.Labels {
        let key = Key(name: kind, value: value, other: other)
        if let labels = known[key] { return labels }
        let labels = sheet.labels(pairs())
        known[key] = labels
        return labels
    }

    /// Forgets everything, when the slab was emptied.
    mutating func removeAll() { known.removeAll() }
}
