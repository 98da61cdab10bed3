// SPDX-License-Identifier: Apache-2.0

/// The samples of a page before they are written: families in order, each with its samples in a row.
///
/// Label texts live in one slab that outlives a scrape: whoever fills the sheet renders the labels of a
/// container once, keeps the `Labels` it got, and afterwards only replaces the samples.
package struct Sheet: Sendable {
    /// A stretch of the slab: `id="/x",name="y"`, without braces; empty for a sample without labels.
    package struct Labels: Sendable, Hashable {
        /// Offset of the first byte.
        package let start: UInt32
        /// Number of bytes.
        package let count: UInt32

        /// No labels.
        package static let none = Labels(start: 0, count: 0)

        /// Names a stretch of the slab.
        package init(start: UInt32, count: UInt32) {
            self.start = start
            self.count = count
        }
    }

    /// What is appended to the family's name for a sample of a histogram.
    package enum Suffix: UInt8, Sendable {
        /// Nothing.
        case none
        /// `_bucket`
        case bucket
        /// `_sum`
        case sum
        /// `_count`
        case count
    }

    /// One sample.
    package struct Sample: Sendable {
        /// Its labels.
        package let labels: Labels
        /// Its suffix.
        package let suffix: Suffix
        /// Its value.
        package let value: MetricValue
    }

    /// One family and where its samples begin.
    package struct Entry: Sendable {
        /// The family.
        package let family: MetricFamily
        /// Index of its first sample; it ends where the next entry begins.
        package let first: Int
    }

    /// The slab of label texts.
    package private(set) var slab: [UInt8] = []
    /// The families, in the order of the page.
    package private(set) var entries: [Entry] = []
    /// All samples, family by family.
    package private(set) var samples: [Sample] = []

    /// Makes an empty sheet.
    package init() {}

    /// Begins the next family; one that gets no sample does not appear on the page.
    package mutating func begin(_ family: MetricFamily) {
        if let last = entries.last, last.first == samples.count { entries.removeLast() }
        entries.append(Entry(family: family, first: samples.count))
    }

    /// Adds a sample to the family begun last.
    package mutating func add(_ value: MetricValue, _ labels: Labels = .none, suffix: Suffix = .none) {
        samples.append(Sample(labels: labels, suffix: suffix, value: value))
    }

    /// Renders labels into the slab, behind those of `base`, and names the stretch.
    package mutating func labels(_ pairs: [(name: String, value: String)], after base: Labels = .none)
        -> Labels
    {
        let start = slab.count
        // Byte by byte: a slice of the slab would hold on to it, and the append would copy the whole of it.
        for i in Int(base.start)..<Int(base.start) + Int(base.count) { slab.append(slab[i]) }
        var first = base.count == 0
        for pair in pairs {
            LabelText.append(pair.name, pair.value, first: first, to: &slab)
            first = false
        }
        return Labels(start: UInt32(start), count: UInt32(slab.count - start))
    }

    /// Forgets the samples and families, keeps the slab and the memory.
    package mutating func removeSamples() {
        entries.removeAll(keepingCapacity: true)
        samples.removeAll(keepingCapacity: true)
    }

    /// Forgets everything, keeps the memory.
    package mutating func removeAll() {
        removeSamples()
        slab.removeAll(keepingCapacity: true)
    }
}
