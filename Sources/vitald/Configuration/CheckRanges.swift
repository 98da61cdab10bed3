// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What the numbers of a check may be.
enum CheckRanges {
    /// Below a second a check is load; beyond a day it is no check.
    static let interval = Duration.seconds(1)...Duration.seconds(86_400)
    /// A deadline that something can keep, below the longest interval.
    static let timeout = Duration.milliseconds(10)...Duration.seconds(3600)
    /// `fall`, `warnAfter`, `rise`: more than a hundred results in a row is never.
    static let count = 1...100
    /// A start that takes longer than a day is no start.
    static let startPeriod = Duration.zero...Duration.seconds(86_400)
    /// Intervals until stale.
    static let staleAfter = 1...1000
    /// How many tags and dependencies one check may have.
    static let maximumTags = 32
    /// How long a description or a link may be, in bytes.
    static let maximumText = 2048

    /// The timeout must leave room for the next attempt: a check is never started twice at a time.
    static func refuseLongTimeout(
        _ timeout: Duration, within interval: Duration, in object: inout ConfigurationObject
    ) {
        guard timeout >= interval else { return }
        let shown = DurationText.render(interval)
        object.fault(
            "timeout", "\(DurationText.render(timeout)) is not shorter than the interval of \(shown)",
            remedy: "Lower it below \(shown), or raise `interval`.")
    }
}
