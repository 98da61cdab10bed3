// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Vitals

/// A clock that is moved by hand.
package final class HandClock: TimeSource {
    private let nanoseconds = Mutex(Int64(0))

    /// CLOCK_MONOTONIC: zero at first.
    package var now: Instant { Instant(nanoseconds: nanoseconds.withLock { $0 }) }
    /// CLOCK_REALTIME: 2026-11-22T18:20:54Z at first.
    package var wall: WallTime { WallTime(nanoseconds: 1_795_371_654_000_000_000 + now.nanoseconds) }
    /// Time since boot: zero at first.
    package var sinceBoot: Duration { .nanoseconds(now.nanoseconds) }

    /// Makes a clock.
    package init() {}

    /// Lets time pass on all three clocks.
    package func advance(_ duration: Duration) { nanoseconds.withLock { $0 += duration.nanoseconds } }
}
