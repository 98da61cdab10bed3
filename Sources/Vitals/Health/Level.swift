// SPDX-License-Identifier: Apache-2.0

/// The confirmed condition of a check; the order is the order of badness, `unknown` (no evidence yet) last.
package enum Level: UInt8, CaseIterable, Sendable {
    /// Works.
    case healthy
    /// Works, with something to look at.
    case degraded
    /// Does not work.
    case unhealthy
    /// No evidence yet.
    case unknown

    /// The wire's word: `healthy`, `degraded`, `unhealthy`, `unknown`.
    package var word: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        case .unknown: "unknown"
        }
    }
}
