// SPDX-License-Identifier: Apache-2.0

extension WallTime {
    /// The time a duration later.
    package static func + (a: WallTime, d: Duration) -> WallTime {
        WallTime(nanoseconds: a.nanoseconds &+ d.nanoseconds)
    }

    /// The time a duration earlier.
    package static func - (a: WallTime, d: Duration) -> WallTime {
        WallTime(nanoseconds: a.nanoseconds &- d.nanoseconds)
    }
}
