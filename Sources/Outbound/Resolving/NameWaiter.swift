// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// One who waits for a name; hears of it until the first answer, which may be that the time is over.
final class NameWaiter: Sendable {
    private struct Ears {
        let began: @Sendable () -> Void
        let done: @Sendable (NameFlight.Answer?) -> Void
        var alarm: Scheduled<Void>?
    }

    private let ears: Mutex<Ears?>

    /// `began` hears, from any thread, that a thread asks for the name; `done` the answer, nil where it is late.
    init(began: @escaping @Sendable () -> Void, done: @escaping @Sendable (NameFlight.Answer?) -> Void) {
        ears = Mutex(Ears(began: began, done: done, alarm: nil))
    }

    /// Takes the timer that ends the waiting; it is cancelled when the answer comes.
    func arm(_ alarm: Scheduled<Void>) {
        let isOver = ears.withLock { ears in
            ears?.alarm = alarm
            return ears == nil
        }
        if isOver { alarm.cancel() }
    }

    /// A thread asks now. Told under the lock, so that nobody hears it after the answer.
    func began() { ears.withLock { $0?.began() } }

    /// Ends the waiting; only the first call counts.
    func end(_ answer: NameFlight.Answer?) {
        let heard = ears.withLock { ears in
            defer { ears = nil }
            return ears
        }
        heard?.alarm?.cancel()
        heard?.done(answer)
    }
}
