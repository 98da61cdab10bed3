// SPDX-License-Identifier: Apache-2.0

/// A point on the kernel's CLOCK_MONOTONIC, in nanoseconds since an arbitrary start (clock_gettime(2)).
///
/// Scheduling, deadlines and staleness are computed on this clock alone; wall time is only a label.
package struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the clock's start.
    package var nanoseconds: Int64

    /// Makes an instant from nanoseconds of the monotonic clock.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The earliest representable instant, used as "never yet".
    package static let distantPast = Instant(nanoseconds: .min / 4)

    /// Whether the left instant is earlier.
    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The instant a duration later.
    package static func + (a: Instant, d: Duration) -> Instant {
        Instant(nanoseconds: a.nanoseconds &+ d.nanoseconds)
    }

    /// The instant a duration earlier.
    package static func - (a: Instant, d: Duration) -> Instant {
        Instant(nanoseconds: a.nanoseconds &- d.nanoseconds)
    }

    /// The time from the right instant to the left one.
    package static func - (a: Instant, b: Instant) -> Duration {
        .nanoseconds(a.nanoseconds &- b.nanoseconds)
    }
}

extension Duration {
    /// The whole duration in nanoseconds, saturated at the range of Int64 (292 years).
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds, as metrics want it.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    /// The duration in milliseconds, as JSON answers want it.
    package var milliseconds: Double { Double(nanoseconds) / 1e6 }
}
