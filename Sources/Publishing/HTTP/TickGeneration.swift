// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How often the daemon's own tick has passed: `/livez` carries the number, so that whoever asks can tell an
/// answer of a living daemon from one of a loop that only serves.
package final class TickGeneration: Sendable {
    private let number = Atomic<UInt64>(0)

    /// Begins at 0.
    package init() {}

    /// One tick more; returns the new number.
    @discardableResult
    package func advance() -> UInt64 { number.wrappingAdd(1, ordering: .relaxed).newValue }

    /// The newest number.
    package var value: UInt64 { number.load(ordering: .relaxed) }
}
