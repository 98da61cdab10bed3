// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Reads lists of units, as the section `journal` and journal checks have them.
package enum JournalUnits {
    /// The full names and globs; faults where one cannot be a unit, or none is there.
    package static func read(
        _ key: StaticString, _ written: [String], _ object: inout ConfigurationObject, most: Int
    ) -> [String] {
        if written.isEmpty {
            object.fault("\(key)", "names no unit", remedy: "Write for example [\"agno-data-api.service\"].")
        }
        if written.count > most {
            object.fault(
                "\(key)", "\(written.count) units are too many",
                remedy: "Keep \(most), or write a glob such as \"agno-*.service\".")
        }
        for unit in written {
            guard let problem = UnitName.problem(with: unit) else { continue }
            object.fault(
                "\(key)", unit.isEmpty ? "holds an empty name" : "\(object.quote(unit)) \(problem)",
                remedy: UnitName.remedy)
        }
        return written.map { UnitKind.fullName($0) }
    }
}
