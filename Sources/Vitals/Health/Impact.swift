// SPDX-License-Identifier: Apache-2.0

/// How much a check weighs in the overall status.
package enum Impact: String, CaseIterable, Sendable {
    /// It may make the whole unhealthy, and holds readiness back while pending.
    case critical
    /// At worst it degrades the whole.
    case degrade
    /// It is shown and never counts.
    case info
}
