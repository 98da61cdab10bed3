// SPDX-License-Identifier: Apache-2.0

/// One type of check: what its configuration holds. One kind is one file and one line in a catalog.
///
/// Active kinds (Sampling) also know how to make a probe; passive kinds (Receiving) are fed by pushes.
package protocol CheckKind: Sendable {
    /// The word in the configuration's `type`.
    static var type: String { get }

    /// Reads the keys of this kind. Faults are recorded in `object`, never thrown: all of them are wanted at
    /// once. What this returns after a fault is never used.
    init(reading object: inout ConfigurationObject)

    /// What is probed, for people, without any secret.
    var target: ShownTarget { get }

    /// The keys that say how an answer is judged, and nothing of what is asked of whom: a reload that changes them keeps
    /// what is known of the check. Keys that begin with `warn` or `fail` are thresholds by their name, at any depth, and
    /// need not be listed. A key that is neither is part of the question.
    static var judgementKeys: Set<String> { get }

    /// Where the evidence comes from.
    static var evidence: Evidence { get }
}

extension CheckKind {
    /// Most kinds have no others than those that begin with `warn` or `fail`.
    package static var judgementKeys: Set<String> { [] }

    /// Most kinds ask.
    package static var evidence: Evidence { .attempts }
}
