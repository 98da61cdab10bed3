// SPDX-License-Identifier: Apache-2.0

/// Why an attempt did not pass: a stable code for programs, beside the sentence for people.
///
/// Codes are lower-case words joined by dots, the general before the particular: `timeout.connect`,
/// `auth.failed`, `saturated`, `starting`, `tls.expired`, `dns.failed`. They hold no secret and no
/// variable text, so they may become a label. Codes only grow within a major version.
package struct Reason: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The stable code.
    package let code: String

    /// Makes a reason from its code.
    package init(_ code: String) { self.code = code }

    /// Makes a reason from a literal code.
    package init(stringLiteral value: String) { code = value }

    /// The evidence is too old to say anything.
    package static let stale = Reason("stale")
    /// The outcomes change too often.
    package static let flapping = Reason("flapping")
    /// vitald itself was too late for a timeout to say anything of the target.
    package static let lag = Reason("inconclusive.lag")

    /// The step of an attempt that took too long.
    package static func timeout(_ phase: ProbePhase) -> Reason { Reason("timeout.\(phase.word)") }

    /// Whether something took too long: `timeout`, or any code below it.
    package var isTimeout: Bool { code.prefix { $0 != "." } == "timeout" }

    /// The code itself.
    package var description: String { code }
}
