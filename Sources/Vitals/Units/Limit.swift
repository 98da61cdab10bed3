// SPDX-License-Identifier: Apache-2.0

/// A cgroup limit: the kernel writes `max` where there is none.
package enum Limit<Amount: Hashable & Sendable>: Hashable, Sendable {
    /// No limit (`max`).
    case unlimited
    /// Limited to this amount.
    case limited(Amount)

    /// The amount, or nil where there is no limit.
    package var amount: Amount? {
        if case .limited(let amount) = self { amount } else { nil }
    }
}
