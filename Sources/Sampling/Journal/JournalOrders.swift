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
    /// Whether there is something to hear: looked at with every entry, where a lock would cost more.
    private let news = Atomic(true)

    init(_ wish: Wish) { state = Mutex(State(wish: wish)) }

    /// Replaces the wish.
    func replace(_ wish: Wish) {
        state.withLock { state in
            state.wish = wish
            state.isNew = true
            news.store(true, ordering: .releasing)
        }
        bell.ring()
    }

    /// Ends the thread as soon as it looks.
    func close() {
        state.withLock {
            $0.isClosed = true
            news.store(true, ordering: .releasing)
        }
        bell.ring()
    }

    /// Whether the thread is to end.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Whether the thread is to end, or a wish waits to be taken.
    var isCalling: Bool { news.load(ordering: .acquiring) }

    /// Where the journal is to be read from now on; nil where nothing is to be read.
    var place: JournalPlace? { state.withLock { $0.isClosed ? nil : $0.wish.options.place } }

    /// A wish that was not taken before.
    func take() -> Wish? {
        state.withLock { state in
            defer {
                state.isNew = false
                news.store(state.isClosed, ordering: .releasing)
            }
            return state.isNew ? state.wish : nil
        }
    }
}
