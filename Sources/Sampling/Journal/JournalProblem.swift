// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
package import Vitals

/// Why the journal cannot be read: the stable code, and a sentence with place, fact and remedy.
package struct JournalProblem: Error, Sendable, Hashable {
    /// `journal.unavailable`, `journal.denied`, `journal.damaged`, `inconclusive.descriptors` or
    /// `inconclusive.resources`.
    package let reason: Reason
    /// One sentence for people, and what to do.
    package let sentence: String

    /// There is none, or nothing to read it with.
    static func unavailable(_ sentence: String) -> JournalProblem {
        JournalProblem(reason: .journalUnavailable, sentence: sentence)
    }

    /// A file that journald writes to holds what no journal has.
    static func damaged(_ path: String, _ fact: String) -> JournalProblem {
        JournalProblem(
            reason: .journalDamaged,
            sentence: "\(path) \(fact): what is written to it is not read; have journald begin a new file "
                + "(journalctl --rotate), and see journalctl --verify")
    }

    /// vitald or the machine is short of descriptors or memory (errno(3)), which says nothing about the journal; nil
    /// for every other error.
    static func shortage(_ code: Int32) -> JournalProblem? {
        if DescriptorShortage.isMeant(by: code) {
            return JournalProblem(
                reason: DescriptorShortage.reason,
                sentence: "the journal cannot be read: \(DescriptorShortage.sentence(code))")
        }
        guard code == ENOMEM else { return nil }
        return JournalProblem(
            reason: .noResources, sentence: "the journal cannot be read: the kernel has no memory left")
    }

    /// Whether it is such a shortage: what could not be opened is there, and is read later.
    var isShortage: Bool { reason == DescriptorShortage.reason || reason == .noResources }

    /// It is there and may not be read.
    static func denied(_ path: String, user: UInt32) -> JournalProblem {
        JournalProblem(
            reason: .journalDenied,
            sentence: "\(path) may not be read by uid \(user): make vitald's user a member of the group "
                + "systemd-journal (SupplementaryGroups=systemd-journal in the unit)")
    }
}

extension Reason {
    /// vitald or the machine is short of memory.
    fileprivate static let noResources: Reason = "inconclusive.resources"
    /// There is no journal, or nothing to read it with.
    static let journalUnavailable: Reason = "journal.unavailable"
    /// It may not be read.
    static let journalDenied: Reason = "journal.denied"
    /// A file of it that is written to cannot be read.
    static let journalDamaged: Reason = "journal.damaged"
}
