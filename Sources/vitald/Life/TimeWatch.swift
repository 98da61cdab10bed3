// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Notices when the clocks disagree: wall time set, machine asleep, process stopped.
struct TimeWatch: Sendable {
    /// What happened between two looks.
    enum Jump: Sendable, Equatable {
        /// Wall time moved against the monotonic clock by this much.
        case wallSet(Duration)
        /// The machine slept for this long.
        case slept(Duration)
        /// The process did not run for this long.
        case stopped(Duration)
    }

    /// Below this, clocks drift (NTP slews) and timers are late.
    static let tolerance = Duration.seconds(2)

    private var now: Instant
    private var wall: WallTime
    private var sinceBoot: Duration

    /// Begins to watch at this moment.
    init(_ time: any TimeSource) {
        now = time.now
        wall = time.wall
        sinceBoot = time.sinceBoot
    }

    /// Looks again; `planned` is when this look was meant to happen.
    mutating func look(_ time: any TimeSource, planned: Instant) -> Jump? {
        let (newNow, newWall, newBoot) = (time.now, time.wall, time.sinceBoot)
        defer { (now, wall, sinceBoot) = (newNow, newWall, newBoot) }
        let elapsed = newNow - now
        let slept = (newBoot - sinceBoot) - elapsed
        if slept > Self.tolerance { return .slept(slept) }
        let late = newNow - planned
        if late > Self.tolerance { return .stopped(late) }
        let moved = Duration.nanoseconds(newWall.nanoseconds &- wall.nanoseconds) - elapsed
        if moved > Self.tolerance || moved < .zero - Self.tolerance { return .wallSet(moved) }
        return nil
    }
}
