// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The key `ttl`: how long one push is good for.
enum TimeToLive {
    /// A job that reports once a month still fits.
    static let range = Duration.seconds(1)...Duration.seconds(400 * 86_400)
    /// Six default intervals of a check.
    static let fallback = Duration.seconds(60)

    /// Reads it.
    static func read(_ object: inout ConfigurationObject) -> Duration {
        object.duration("ttl", default: fallback, in: range)
    }
}
