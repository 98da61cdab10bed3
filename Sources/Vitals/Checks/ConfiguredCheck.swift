// SPDX-License-Identifier: Apache-2.0

/// One check of the configuration.
package struct ConfiguredCheck: Sendable {
    /// The keys that every check has.
    package var definition: CheckDefinition
    /// The kind's own part, which active kinds turn into a probe and passive ones give to their feed.
    package var kind: any CheckKind

    /// Makes a check.
    package init(definition: CheckDefinition, kind: any CheckKind) {
        self.definition = definition
        self.kind = kind
    }
}
