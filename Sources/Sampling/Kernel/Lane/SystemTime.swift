// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// The kernel's clocks, by clock_gettime(2).
package struct SystemTime: TimeSource {
    /// Makes the clocks of this machine.
    package init() {}

    /// CLOCK_MONOTONIC.
    package var now: Instant { Instant(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

    /// CLOCK_REALTIME.
    package var wall: WallTime { WallTime(nanoseconds: Self.read(CLOCK_REALTIME)) }

    /// CLOCK_BOOTTIME.
    package var sinceBoot: Duration { .nanoseconds(Self.read(CLOCK_BOOTTIME)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
