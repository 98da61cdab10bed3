// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How fast a container uses CPU: two readings at least one second apart, never one.
struct CPUPace {
    /// Readings that are closer tell more of the clock's grain than of the container.
    static let leastInterval = Duration.seconds(1)

    private struct Mark {
        var at: Instant
        var usage: Int64
        var periods: Int64?
        var throttled: Int64?
    }

    private var older: Mark?
    private var newer: Mark?
    /// CPU time per time of the last interval: 1 is one core; nil until two readings tell.
    private(set) var cores: Double?
    /// Share of enforcement periods of the last interval that were throttled, percent.
    private(set) var throttledPercent: Double?

    /// Takes a reading. A counter that went back (another life, a kernel fault) begins anew, without a rate.
    mutating func note(at now: Instant, usage: Int64?, periods: Int64?, throttled: Int64?) {
        guard let usage else {
            self = CPUPace()
            return
        }
        let mark = Mark(at: now, usage: usage, periods: periods, throttled: throttled)
        let base = newer.flatMap { now - $0.at >= Self.leastInterval ? $0 : nil } ?? older
        cores = nil
        throttledPercent = nil
        if let last = newer, usage < last.usage || now < last.at {
            older = nil
            newer = mark
            return
        }
        if let base, now - base.at >= Self.leastInterval {
            cores = Double(usage &- base.usage) / (Double((now - base.at).nanoseconds) / 1000)
            if let periods, let before = base.periods, let throttled, let throttledBefore = base.throttled,
                periods > before, throttled >= throttledBefore
            {
                throttledPercent = Double(throttled - throttledBefore) / Double(periods - before) * 100
            } else if let periods, base.periods == periods {
                // No period began: nothing ran, so nothing was throttled.
                throttledPercent = 0
            }
        }
        if let last = newer, now - last.at < Self.leastInterval {
            // A baseline knows no periods: were it kept, the next reading could not tell how many were throttled.
            if last.periods == nil, periods != nil { newer = mark }
            return
        }
        older = newer
        newer = mark
    }
}
