// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Why the journal cannot be read: the stable code, and a sentence with place, fact and remedy.
package struct JournalProblem: Error, Sendable, Hashable {
    /// `journal.unavailable` or `journal.denied`.
    package let reason: Reason
    /// One sentence for people, and what to do.
    package let sentence: String

    /// There is none, or nothing to read it with.
    static func unavailable(_ sentence: String) -> JournalProblem {
        JournalProblem(reason: .journalUnavailable, sentence: sentence)
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
}
