// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Which families a page has, in order, and where in the sheets the samples of each are.
///
/// Several sheets make one page, and several may add to one family (`vitald_collector_success`): a family is
/// printed where it is met first, with the samples of all sheets below one heading, since both formats want a
/// family in one piece. Headings outlive the page, so that a scrape copies them instead of rendering them.
struct PagePlan {
    /// A run of samples in one sheet.
    struct Part {
        /// Index of the sheet.
        let sheet: Int
        /// Index of its first sample and of the one behind its last.
        let samples: Range<Int>
        /// Index of the family's next part, or -1.
        var next: Int
    }

    /// One family of the page.
    struct Family {
        /// Its lines above the samples.
        var heading: FamilyHeading
        /// The page it was last part of.
        var page: UInt64 = 0
        /// Its first and last part.
        var first = 0
        var last = 0
    }

    /// Headings are forgotten when they are more than this: names that agents push come and go.
    static let maximumHeadings = 16_384

    private(set) var families: [Family] = []
    private(set) var parts: [Part] = []
    /// The families of this page, as indices.
    private(set) var order: [Int] = []
    private var index: [String: Int] = [:]
    private var page: UInt64 = 0

    /// Draws up the plan of a page.
    mutating func draw(_ sheets: [Sheet]) {
        page &+= 1
        order.removeAll(keepingCapacity: true)
        parts.removeAll(keepingCapacity: true)
        if families.count > Self.maximumHeadings {
            families.removeAll()
            index.removeAll()
        }
        for (number, sheet) in sheets.enumerated() {
            let entries = sheet.entries
            for position in entries.indices {
                let end = position + 1 < entries.count ? entries[position + 1].first : sheet.samples.count
                let samples = entries[position].first..<max(end, entries[position].first)
                if samples.isEmpty { continue }
                add(Part(sheet: number, samples: samples, next: -1), to: entries[position].family)
            }
        }
    }

    private mutating func add(_ part: Part, to family: MetricFamily) {
        let slot = slot(of: family)
        guard families[slot].heading.isValid else { return }
        parts.append(part)
        let newest = parts.count - 1
        if families[slot].page == page {
            parts[families[slot].last].next = newest
        } else {
            if families[slot].heading.family != family { families[slot].heading = FamilyHeading(family) }
            families[slot].page = page
            families[slot].first = newest
            order.append(slot)
        }
        families[slot].last = newest
    }

    private mutating func slot(of family: MetricFamily) -> Int {
        if let known = index[family.name] { return known }
        families.append(Family(heading: FamilyHeading(family)))
        index[family.name] = families.count - 1
        return families.count - 1
    }

    /// Whether a counter may use its short name in OpenMetrics: `x_total` beside a gauge `x` or `x_created`
    /// would be two families of one name, and the whole page lost.
    func isFree(_ counterName: String) -> Bool {
        !isPrinted(counterName) && !isPrinted(counterName + "_created")
    }

    private func isPrinted(_ name: String) -> Bool {
        index[name].map { families[$0].page == page } ?? false
    }
}
