// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The times of one check: a fixed phase and around it, run by run, a little jitter.
///
/// Departures stand at `base + k * interval`, each put off by up to a tenth of the interval. The phase never
/// drifts, since no departure is computed from the one before; and daemons that were started together do not
/// knock at a shared database together.
struct Timetable: Sendable {
    /// The share of the interval by which a run may be put off.
    static let jitterShare: Int64 = 10
    /// First runs are spread over this or the interval, whichever is shorter.
    static let spreadAtMost = Duration.seconds(5)

    /// The departure numbered 0, not put off.
    let base: Instant
    let interval: Int64
    private let hash: UInt64

    /// The times of a check whose first run falls somewhere behind `start`, always the same for a name and a seed.
    init(name: String, seed: UInt64, interval: Duration, start: Instant) {
        self.interval = max(1, interval.nanoseconds)
        hash = Self.mix(Self.fnv(name) ^ seed)
        base = start + Self.spread(hash, over: self.interval)
    }

    /// Departure `k`, put off as it always is.
    func departure(_ k: Int64) -> Instant {
        let (distance, overflow) = k.multipliedReportingOverflow(by: interval)
        guard !overflow else { return Instant(nanoseconds: .max / 4) }
        return base + .nanoseconds(distance + (k == 0 ? 0 : jitter(k, of: interval)))
    }

    /// The number of the first departure whose place on the grid is not before an instant.
    func first(notBefore instant: Instant) -> Int64 {
        let distance = (instant - base).nanoseconds
        guard distance > 0 else { return 0 }
        return distance / interval + (distance % interval == 0 ? 0 : 1)
    }

    /// How long to put off run `k`, within a tenth of a duration.
    func jitter(_ k: Int64, of length: Int64) -> Int64 {
        let most = UInt64(max(1, length / Self.jitterShare))
        return Int64(Self.mix(hash ^ UInt64(bitPattern: k)) % most)
    }

    /// A place within the spread for this check and this round, for starting many at once without a burst.
    func spread(round: UInt64) -> Duration { Self.spread(Self.mix(hash &+ round), over: interval) }

    private static func spread(_ hash: UInt64, over interval: Int64) -> Duration {
        .nanoseconds(Int64(hash % UInt64(min(interval, spreadAtMost.nanoseconds))))
    }

    /// FNV-1a: names differ in few letters, and every one counts.
    private static func fnv(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The finisher of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
