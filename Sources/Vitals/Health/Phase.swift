// SPDX-License-Identifier: Apache-2.0

/// Where a check stands in its life.
package enum Phase: UInt8, CaseIterable, Sendable {
    /// No evidence that counts yet.
    case pending
    /// Judged on fresh evidence.
    case active
    /// The last evidence is too old to say anything .
    case stale

    /// The wire's word: `pending`, `active`, `stale`.
    package var word: String {
        switch self {
        case .pending: "pending"
        case .active: "active"
        case .stale: "stale"
        }
    }
}
