// SPDX-License-Identifier: Apache-2.0

/// Where the evidence of a check comes from, which decides how it is weighed.
package enum Evidence: Sendable, Equatable {
    /// vitald asks, again and again: thresholds, staleness and flapping apply.
    case attempts
    /// Somebody pushes in time or does not. The time to live is the only tolerance there is: the level follows each
    /// verdict at once, both ways; no verdict ever grows stale, since silence itself is the evidence.
    case pushes
}
