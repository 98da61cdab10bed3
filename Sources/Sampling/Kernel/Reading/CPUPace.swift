// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How fast a container uses CPU: two readings at least one second apart, never one.
struct CPUPace {
    /// Readings that are closer tell more of the clock's grain than of the container.
    static let leastInterval = Duration.seconds(1)
    /// The kernel's own upper bound (NR_CPUS), where the number of processors is not known.
    private static let mostProcessors = 8192

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

    init() {}

    /// The pace of something that began after an instant: at that time it had used nothing.
    init(beganAfter instant: Instant) {
        newer = Mark(at: instant, usage: 0, periods: 0, throttled: 0)
    }

    /// Takes a reading. A counter that went back (another life, a kernel fault), or forward by more than the machine's
    /// processors can do, is a new baseline, without a rate.
    mutating func note(
        at now: Instant, usage: Int64?, periods: Int64?, throttled: Int64?, processors: Int? = nil
    ) {
        guard let usage else {
            // What was read before is compared with what is read next.
            cores = nil
            throttledPercent = nil
            return
        }
        let mark = Mark(at: now, usage: usage, periods: periods, throttled: throttled)
        let base = newer.flatMap { now - $0.at >= Self.leastInterval ? $0 : nil } ?? older
        cores = nil
        throttledPercent = nil
        let processors = processors ?? Self.mostProcessors
        if let last = newer,
            usage < last.usage || now < last.at || !Self.isPossible(from: last, to: mark, processors)
        {
            older = nil
            newer = mark
            return
        }
        if let base, now - base.at >= Self.leastInterval {
            let rate = Double(usage &- base.usage) / (Double((now - base.at).nanoseconds) / 1000)
            cores = min(rate, Double(processors))
            if let periods, let before = base.periods, let throttled, let throttledBefore = base.throttled,
                periods > before, throttled >= throttledBefore
            {
                throttledPercent = min(
                    100, Double(throttled - throttledBefore) / Double(periods - before) * 100)
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

    /// Whether so many processors can have worked so long. The clock is read once for all files, so that an interval is not
    /// exactly that of two readings of one file: a quarter of it more, and a quarter of a second, is taken for that.
    private static func isPossible(from last: Mark, to mark: Mark, _ processors: Int) -> Bool {
        let interval = Double((mark.at - last.at).nanoseconds) / 1000
        return Double(mark.usage) - Double(last.usage) <= Double(processors) * (interval * 1.25 + 250_000)
    }
}
