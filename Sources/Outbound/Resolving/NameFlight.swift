// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One call of getaddrinfo(3) for a name, and all who wait for it.
final class NameFlight: Sendable {
    /// What the name servers say.
    typealias Answer = Result<[HostAddress], ResolveFailure>

    private enum State {
        case queued([NameWaiter])
        case asking([NameWaiter])
        case landed(Answer)
    }

    private let state = Mutex(State.queued([]))

    /// Whether it still waits for a thread.
    var isQueued: Bool {
        state.withLock { if case .queued = $0 { true } else { false } }
    }

    /// Lets somebody wait; who comes after the answer hears it at once.
    func add(_ waiter: NameWaiter) {
        let (isBegun, answer): (Bool, Answer?) = state.withLock { state in
            switch state {
            case .queued(let waiters):
                state = .queued(waiters + [waiter])
                return (false, nil)
            case .asking(let waiters):
                state = .asking(waiters + [waiter])
                return (true, nil)
            case .landed(let answer): return (true, answer)
            }
        }
        if isBegun { waiter.began() }
        if let answer { waiter.end(answer) }
    }

    /// Notes that a thread asks now.
    func begin() {
        let waiters = state.withLock { state in
            guard case .queued(let waiters) = state else { return [NameWaiter]() }
            state = .asking(waiters)
            return waiters
        }
        for waiter in waiters { waiter.began() }
    }

    /// Brings the answer.
    func land(_ answer: Answer) {
        let waiters = state.withLock { state in
            defer { state = .landed(answer) }
            switch state {
            case .queued(let waiters), .asking(let waiters): return waiters
            case .landed: return []
            }
        }
        for waiter in waiters { waiter.end(answer) }
    }
}
