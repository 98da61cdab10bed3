// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Something that this machine does not offer, or that a limit leaves out: what depends on it is absent from the
/// figures and never zero.
package struct KernelGap: Sendable, Hashable, CustomStringConvertible {
    /// What it is about, in the words of `vitalctl doctor`.
    package enum Topic: String, Sendable {
        /// Figures of containers and units.
        case containers
        /// Pressure stall information.
        case pressure
        /// Processes of other users.
        case processes
        /// Which part of the cgroup tree vitald sees, and where it is in it itself.
        case namespace
        /// What only a capability opens.
        case capabilities
    }

    /// What it is about.
    package let topic: Topic
    /// What is missing, and why; without a full stop.
    package let fact: String
    /// What to do about it: one sentence.
    package let remedy: String
    /// The capabilities that would close it; none where they have nothing to do with it.
    let takes: CapabilitySet
    /// What is left out, with its numbers; nil where it is the machine that does not offer something.
    let cut: Unmeasured?

    /// As the journal has it: `pressure: the kernel offers none. Add psi=1 …`.
    package var description: String { "\(topic.rawValue): \(fact). \(remedy)" }

    init(
        _ topic: Topic, _ fact: String, remedy: String, takes: CapabilitySet = .none, cut: Unmeasured? = nil
    ) {
        self.topic = topic
        self.fact = fact
        self.remedy = remedy
        self.takes = takes
        self.cut = cut
    }
}
