// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ConfigurationObject {
    /// Refuses a pair of thresholds of which the warning would never be seen; names the key that is written down.
    func refuse(
        unless isOrdered: Bool, _ warnKey: StaticString, _ warn: Double, _ side: String,
        _ failKey: StaticString,
        _ fail: Double
    ) {
        guard !isOrdered else { return }
        let written = has(warnKey)
        let other = written && has(failKey) ? "" : " (the default)"
        let (key, value) = written ? ("\(warnKey)", warn) : ("\(failKey)", fail)
        let fact =
            written
            ? "\(PercentText.render(value)) is \(side) `\(failKey)`, \(PercentText.render(fail))\(other)"
            : "\(PercentText.render(value)) leaves `\(warnKey)`, \(PercentText.render(warn))\(other), \(side) it"
        fault(
            key, fact,
            remedy: "Change one of the two, so that the warning comes before the failure.")
    }
}
