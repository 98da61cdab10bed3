// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Reason {
    /// The server answered the question, but not all that the thresholds of the check need: it was not asked for because
    /// no time was left, came too late, or was cut off. That is neither good nor bad news.
    static let partial: Reason = "inconclusive.partial"
}
