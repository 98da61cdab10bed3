// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one search for a pattern run at a time: one that does not end holds one lane, not one more per attempt.
final class PatternGate: Sendable {
    private let busy = Atomic(false)

    /// Whether the search may begin.
    func enter() -> Bool {
        busy.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    }

    /// Notes that it has ended.
    func leave() { busy.store(false, ordering: .releasing) }
}
