// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

@testable import Sampling

/// The machine's clocks, the monotonic one of which a test may put forward.
final class JournalTime: TimeSource {
    private let offset = Atomic<Int64>(0)
    private let step = Atomic<Int64>(0)
    private let machine = BenchTime()
    private let hook = Mutex<(@Sendable () -> Void)?>(nil)

    func advance(by duration: Duration) {
        offset.add(duration.nanoseconds, ordering: .sequentiallyConsistent)
    }

    /// Whoever looks at the clock does this first, which must not look at it.
    func whenLooked(_ work: @escaping @Sendable () -> Void) { hook.withLock { $0 = work } }

    /// From now on the monotonic clock goes on by so much whenever somebody looks at it.
    func pass(_ duration: Duration) { step.store(duration.nanoseconds, ordering: .sequentiallyConsistent) }

    var now: Instant {
        hook.withLock { $0 }?()
        advance(by: .nanoseconds(step.load(ordering: .sequentiallyConsistent)))
        return machine.now + .nanoseconds(offset.load(ordering: .sequentiallyConsistent))
    }
    var wall: WallTime { machine.wall }
    var sinceBoot: Duration { machine.sinceBoot }
}
