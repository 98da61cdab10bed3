// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

@testable import Sampling

/// The machine's clocks, the monotonic one of which a test may put forward.
final class JournalTime: TimeSource {
    private let offset = Atomic<Int64>(0)
    private let step = Atomic<Int64>(0)
    private let machine = BenchTime()

    func advance(by duration: Duration) {
        offset.add(duration.nanoseconds, ordering: .sequentiallyConsistent)
    }

    /// From now on the monotonic clock goes on by so much whenever somebody looks at it.
    func pass(_ duration: Duration) { step.store(duration.nanoseconds, ordering: .sequentiallyConsistent) }

    var now: Instant {
        advance(by: .nanoseconds(step.load(ordering: .sequentiallyConsistent)))
        return machine.now + .nanoseconds(offset.load(ordering: .sequentiallyConsistent))
    }
    var wall: WallTime { machine.wall }
    var sinceBoot: Duration { machine.sinceBoot }
}
