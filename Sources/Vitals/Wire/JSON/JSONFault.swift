// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON as vitald accepts it, and where.
package struct JSONFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Offset of the byte at which it was noticed.
    package let offset: Int
    /// Line of that byte, from 1.
    package let line: Int
    /// Column of that byte in bytes, from 1.
    package let column: Int
    /// What is wrong, without the place.
    package let what: String
    /// What to do about it: one sentence with its full stop.
    package let remedy: String

    /// Place and fact.
    package var description: String { "line \(line), column \(column): \(what)" }
}
