// SPDX-License-Identifier: Apache-2.0

/// A closed choice of which the wire has a word for each case.
package protocol WireWord: CaseIterable, Sendable {
    /// The word on the wire.
    var word: String { get }
}

extension WireWord {
    /// The case of this word; nil where there is none, as in an answer of a later vitald.
    package init?(word: String?) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

extension Level: WireWord {}
extension Outcome: WireWord {}
extension Phase: WireWord {}
extension Status: WireWord {}
extension HealthState: WireWord {}
