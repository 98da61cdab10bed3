// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// One configured check, as the judge needs it.
package struct JudgedCheck: Sendable {
    /// The keys that every check has.
    package var definition: CheckDefinition
    /// Where its evidence comes from.
    package var evidence: Evidence

    /// Makes a check to be judged.
    package init(_ definition: CheckDefinition, evidence: Evidence = .attempts) {
        self.definition = definition
        self.evidence = evidence
    }
}
