// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Vitals

/// The kernel's clocks, each moved by hand as far as a test wants.
final class WireTime: TimeSource {
    private let monotonicShift = Mutex(Duration.zero)
    private let wallShift = Mutex(Duration.zero)

    var now: Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) + monotonicShift.withLock { $0 } }

    var wall: WallTime {
        WallTime(nanoseconds: read(CLOCK_REALTIME) + wallShift.withLock { $0.nanoseconds })
    }

    var sinceBoot: Duration { .nanoseconds(read(CLOCK_BOOTTIME)) }

    /// Lets time pass on the monotonic clock.
    func pass(_ duration: Duration) { monotonicShift.withLock { $0 += duration } }

    /// Sets the wall clock so far forward.
    func moveWall(_ duration: Duration) { wallShift.withLock { $0 += duration } }

    private func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// A kernel of which these probes want nothing.
struct WireKernel: KernelReading {
    func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) {}
    func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {}
    func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) {}
    func host(_ use: @escaping @Sendable (HostFigures) -> Void) {}
}
