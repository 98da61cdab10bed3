// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one search for a pattern run at a time: one that does not end holds one lane, not one more per attempt.
final class PatternGate: Sendable {
    /// What the latest search is doing.
    enum State: Sendable {
        case idle
        /// It waits for a lane.
        case queued
        case searching
    }

    private let current = Mutex(State.idle)

    /// Whether a search may be queued; it is then.
    func enter() -> Bool {
        current.withLock { state in
            guard case .idle = state else { return false }
            state = .queued
            return true
        }
    }

    /// Notes that the search has its lane.
    func begin() { current.withLock { $0 = .searching } }

    /// Notes that it has ended.
    func leave() { current.withLock { $0 = .idle } }

    /// What the latest search is doing.
    var state: State { current.withLock { $0 } }
}
