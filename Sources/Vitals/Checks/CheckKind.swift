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
}
