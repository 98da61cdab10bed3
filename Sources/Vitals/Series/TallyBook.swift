// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// vitald's own counters and gauges, which any thread may move: each is one atomic number.
///
/// A tally is made once and kept by whoever moves it; making takes a lock, moving does not. Threads make theirs in
/// any order, so families and labels are sorted: two starts show the same page.
package final class TallyBook: Sendable {
    /// One number.
    package final class Tally: Sendable {
        private let number: Atomic<Int64>

        fileprivate init(_ start: Int64) { number = Atomic(start) }

        /// Adds to it.
        package func add(_ amount: Int64 = 1) { number.wrappingAdd(amount, ordering: .relaxed) }

        /// Sets it, where it is a gauge.
        package func set(_ value: Int64) { number.store(value, ordering: .relaxed) }

        /// What it stands at.
        package var value: Int64 { number.load(ordering: .relaxed) }
    }

    private struct Row {
        let labels: [(name: String, value: String)]
        let key: String
        let tally: Tally

        func precedes(_ other: Row) -> Bool {
            labels.lexicographicallyPrecedes(other.labels) { ($0.name, $0.value) < ($1.name, $1.value) }
        }
    }

    private struct State {
        var order: [MetricFamily] = []
        var rows: [String: [Row]] = [:]
    }

    private let state = Mutex(State())

    /// Makes an empty book.
    package init() {}

    /// The tally of these labels: the one that exists, or a new one that starts at `start`.
    package func tally(
        _ family: MetricFamily, _ labels: [(name: String, value: String)] = [], startingAt start: Int64 = 0
    ) -> Tally {
        let key = labels.map { "\($0.name)=\($0.value.utf8.count):\($0.value)" }.joined()
        return state.withLock { state in
            if let row = state.rows[family.name]?.first(where: { $0.key == key }) { return row.tally }
            if state.rows[family.name] == nil {
                let place = state.order.firstIndex { family.name < $0.name }
                state.order.insert(family, at: place ?? state.order.endIndex)
            }
            let row = Row(labels: labels, key: key, tally: Tally(start))
            let rows = state.rows[family.name] ?? []
            let place = rows.firstIndex { row.precedes($0) }
            state.rows[family.name, default: []].insert(row, at: place ?? rows.endIndex)
            return row.tally
        }
    }

    /// Takes the tallies of a family from the page whose labels are these. Who holds one may move it still; nobody sees.
    package func forget(
        _ family: MetricFamily, where isGone: ([(name: String, value: String)]) -> Bool
    ) {
        state.withLock { $0.rows[family.name]?.removeAll { isGone($0.labels) } }
    }

    /// The labels and values of one family, sorted by the labels.
    package func values(of family: MetricFamily) -> [(labels: [(name: String, value: String)], value: Int64)]
    {
        let rows = state.withLock { $0.rows[family.name] ?? [] }
        return rows.map { ($0.labels, $0.tally.value) }
    }

    /// Adds every tally to a sheet, family by family.
    package func fill(_ sheet: inout Sheet) {
        let (order, rows) = state.withLock { ($0.order, $0.rows) }
        for family in order {
            guard let rows = rows[family.name], !rows.isEmpty else { continue }
            sheet.begin(family)
            for row in rows {
                sheet.add(.integer(row.tally.value), row.labels.isEmpty ? .none : sheet.labels(row.labels))
            }
        }
    }
}
