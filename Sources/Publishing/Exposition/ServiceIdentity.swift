// SPDX-License-Identifier: Apache-2.0

/// Who answers: shown in JSON answers, on the page for people and as `vitald_build_info`.
package struct ServiceIdentity: Sendable {
    /// The name of the watched service from the configuration, such as `agno-data-api`.
    package var name: String
    /// Free labels from the configuration, in order.
    package var labels: [(name: String, value: String)]
    /// vitald's own version.
    package var version: String

    /// Makes an identity.
    package init(name: String, labels: [(name: String, value: String)] = [], version: String) {
        self.name = name
        self.labels = labels
        self.version = version
    }
}
