// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// One attempt under way, as the scheduler knows it; a check has at most one that counts.
package struct Flight: Sendable, Hashable {
    /// The check.
    package let check: String
    /// Names this flight among all there ever were, so that a late landing is told from a new one.
    package let number: UInt64
    /// When it should have begun.
    package let due: Instant
    /// When it began.
    package let started: Instant
    /// When the attempt must be over.
    package let deadline: Instant

    /// How late it began: the daemon's own fault, never the target's.
    package var lag: Duration { max(.zero, started - due) }
}

/// What a landed flight is worth.
package enum Landing: Sendable, Hashable {
    /// It is the one under way: its result counts.
    case counts
    /// It was given up, or its check was replaced meanwhile: throw the result away and count that.
    case late
}
