// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Why the journal cannot be read: the stable code, and a sentence with place, fact and remedy.
package struct JournalProblem: Error, Sendable, Hashable {
    /// `journal.unavailable`, `journal.denied` or `journal.damaged`.
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

    /// It is there and may not be read.
    static func denied(_ path: String, user: UInt32) -> JournalProblem {
        JournalProblem(
            reason: .journalDenied,
            sentence: "\(path) may not be read by uid \(user): make vitald's user a member of the group "
                + "systemd-journal (SupplementaryGroups=systemd-journal in the unit)")
    }
}

extension Reason {
    /// There is no journal, or nothing to read it with.
    static let journalUnavailable: Reason = "journal.unavailable"
    /// It may not be read.
    static let journalDenied: Reason = "journal.denied"
    /// A file of it that is written to cannot be read.
    static let journalDamaged: Reason = "journal.damaged"
}
