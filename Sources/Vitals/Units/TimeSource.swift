// SPDX-License-Identifier: Apache-2.0

/// Where the time comes from: the kernel's clocks in the daemon, a hand-moved clock in tests.
package protocol TimeSource: Sendable {
    /// CLOCK_MONOTONIC: does not jump, stands still while the machine is suspended.
    var now: Instant { get }

    /// CLOCK_REALTIME: may jump.
    var wall: WallTime { get }

    /// CLOCK_BOOTTIME as time since boot: like `now`, but runs on while suspended.
    var sinceBoot: Duration { get }
}
