// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

@testable import Sampling

/// The machine's clocks, the monotonic one of which a test may put forward.
final class JournalTime: TimeSource {
    private let offset = Atomic<Int64>(0)
    private let machine = BenchTime()

    func advance(by duration: Duration) {
        offset.add(duration.nanoseconds, ordering: .sequentiallyConsistent)
    }

    var now: Instant { machine.now + .nanoseconds(offset.load(ordering: .sequentiallyConsistent)) }
    var wall: WallTime { machine.wall }
    var sinceBoot: Duration { machine.sinceBoot }
}
