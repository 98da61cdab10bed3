// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What one journal thread is told to do; it ends when they are closed.
final class JournalOrders: Sendable {
    /// What is wanted.
    struct Wish: Sendable {
        var options: JournalOptions
        var watches: [JournalWatch]
    }

    private struct State {
        var wish: Wish
        var isNew = true
        var isClosed = false
    }

    /// Wakes the thread.
    let bell = JournalBell()
    private let state: Mutex<State>

    init(_ wish: Wish) { state = Mutex(State(wish: wish)) }

    /// Replaces the wish.
    func replace(_ wish: Wish) {
        state.withLock { state in
            state.wish = wish
            state.isNew = true
        }
        bell.ring()
    }

    /// Ends the thread as soon as it looks.
    func close() {
        state.withLock { $0.isClosed = true }
        bell.ring()
    }

    /// Whether the thread is to end.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// A wish that was not taken before.
    func take() -> Wish? {
        state.withLock { state in
            defer { state.isNew = false }
            return state.isNew ? state.wish : nil
        }
    }
}
