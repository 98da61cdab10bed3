// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The samples that probes brought home, family by family across all checks.
///
/// Every series of a family gets the same label names, as both formats want it: a label that one check lacks
/// is written empty, which Prometheus treats as absent. Two samples of one identity are never written; the
/// first of them stays.
struct ProbeSeries {
    private struct Row {
        let labels: [(name: String, value: String)]
        let value: MetricValue
    }

    private struct Family {
        let family: MetricFamily
        var labelNames: [String] = []
        var rows: [Row] = []
    }

    private static let dependency = "dependency"
    private var families: [Family] = []
    private var index: [String: Int] = [:]

    /// Collects the last results of these checks; a stale check shows what its probe said about staleness.
    init(_ checks: [CheckReport]) {
        for check in checks {
            for point in check.last?.series ?? [] {
                if check.phase == .stale, point.whenStale == .omit { continue }
                let value: MetricValue = check.phase == .stale ? .integer(0) : point.value
                add(point, value, of: check.definition.name)
            }
        }
    }

    private mutating func add(_ point: SeriesPoint, _ value: MetricValue, of check: String) {
        let slot = index[point.family.name] ?? families.count
        if slot == families.count {
            families.append(Family(family: point.family))
            index[point.family.name] = slot
        }
        var labels = [(name: Self.dependency, value: check)]
        for label in point.labels where !labels.contains(where: { $0.name == label.name }) {
            labels.append(label)
            if !families[slot].labelNames.contains(label.name) {
                families[slot].labelNames.append(label.name)
            }
        }
        families[slot].rows.append(Row(labels: labels, value: value))
    }

    /// Adds everything to a sheet.
    func fill(_ sheet: inout Sheet) {
        for family in families {
            sheet.begin(family.family)
            var seen: Set<[String]> = []
            for row in family.rows {
                var labels = [row.labels[0]]
                for name in family.labelNames {
                    labels.append((name, row.labels.first { $0.name == name }?.value ?? ""))
                }
                // A check without labels of its own cannot collide with another one: names are unique.
                if !family.labelNames.isEmpty || family.rows.count > 1,
                    !seen.insert(labels.map(\.value)).inserted
                {
                    continue
                }
                sheet.add(row.value, sheet.labels(labels))
            }
        }
    }
}
