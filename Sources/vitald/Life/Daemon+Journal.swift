// SPDX-License-Identifier: Apache-2.0

import Publishing
import Sampling
import Vitals

/// What the log says of the reading of the journal.
extension Daemon {
    /// Says of each pattern once, until it is given up or mended, that it takes too long.
    func saySlowPatterns() {
        let slow = Set(journal.slowPatterns)
        for sentence in slow.subtracting(slowPatterns).sorted() {
            log.write(JournalEntry(.patternSlow, .warning, sentence))
        }
        slowPatterns = slow
    }

    /// Says once that the journal cannot be read, and once that it can be read again.
    func sayJournalTrouble() {
        let trouble = journal.problem?.sentence
        guard trouble != journalTrouble else { return }
        journalTrouble = trouble
        if let trouble {
            log.write(JournalEntry(.journalUnreadable, .warning, "the journal is not read: \(trouble)"))
        } else {
            log.write(JournalEntry(.journalUnreadable, .notice, "the journal is read again"))
        }
    }
}
