// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The part of a probe that blocks: called on a lane, one call at a time, never at once with itself.
protocol LaneWork: AnyObject, SendableMetatype {
    /// Probes once; tells `attempt` at which step it is, and is back by its deadline wherever the calls it
    /// makes can be bounded.
    func probe(_ attempt: Attempt) -> ProbeResult

    /// Lets go of what is kept between attempts.
    func close()

    /// What the page shows while nothing is known to work (`pg_up 0`).
    var seriesWhenDown: [SeriesPoint] { get }
}
