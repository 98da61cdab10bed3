// SPDX-License-Identifier: Apache-2.0

/// The overall status of what is watched, in the order of badness.
package enum Status: UInt8, CaseIterable, Comparable, Sendable {
    /// Every check that counts is healthy.
    case healthy
    /// Something needs a look; still serving.
    case degraded
    /// Something that matters does not work.
    case unhealthy

    /// The wire's word: `healthy`, `degraded`, `unhealthy`.
    package var word: String {
        switch self {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unhealthy: "unhealthy"
        }
    }

    /// Whether the left status is better.
    package static func < (a: Status, b: Status) -> Bool { a.rawValue < b.rawValue }
}
