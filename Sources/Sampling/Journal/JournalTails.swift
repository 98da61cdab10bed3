// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Whether the last entry of each file that is written to was read.
///
/// libsystemd lets a file go in which it meets something damaged, and says that this was the end: everything written
/// there later would be missed, and nobody would know. So at each end the headers are looked at.
struct JournalTails {
    /// A last entry that was not read though the end was reached.
    struct Unread {
        /// The file, which may be called otherwise by now.
        let identity: JournalFile.Identity
        /// What it was called.
        let path: String
        /// When the entry was written.
        let time: WallTime
        /// When it was found.
        let since: Instant
    }

    /// One entry may be in the file and not in its tables yet; a moment later it is.
    static let patience = Duration.seconds(5)

    /// What was found, one a file.
    private(set) var unread: [Unread] = []
    /// The latest entry of all.
    private var newest = WallTime(nanoseconds: .min)

    /// An entry of this time was read.
    mutating func passed(_ time: WallTime) {
        newest = max(newest, time)
        if !unread.isEmpty { unread.removeAll { $0.time == time } }
    }

    /// What lies before this was passed over.
    mutating func skip(to time: WallTime) { newest = max(newest, time - .microseconds(1)) }

    /// The end was reached behind this entry; these are the files, and what their headers say. Gives how many last
    /// entries nobody will read any more, for their files are not written to now.
    mutating func look(
        _ files: [(file: JournalFile, header: JournalHeader)], behind cursor: JournalCursor?, at now: Instant
    ) -> Int {
        // Who has just read the last entry of a file has passed all that came before it. Where files have several
        // writers, the library passes over what comes with an earlier time than it has read elsewhere.
        for (file, header) in files where cursor?.isEntry(header.tailSequence, from: header.source) ?? false {
            unread.removeAll { $0.identity == file.identity }
        }
        let before = unread.count
        unread.removeAll { entry in !files.contains { $0.file.identity == entry.identity } }
        let gone = before - unread.count
        for (file, header) in files where isAhead(header, of: cursor) {
            guard !unread.contains(where: { $0.identity == file.identity }) else { continue }
            unread.append(
                Unread(identity: file.identity, path: file.path, time: header.tailTime, since: now))
        }
        return gone
    }

    /// Which file ends too early, once that is no moment any more.
    func problem(at now: Instant) -> JournalProblem? {
        unread.first { now - $0.since >= Self.patience }.map {
            .damaged($0.path, "cannot be read to its last entry, of \($0.time.rfc3339)")
        }
    }

    /// Whether the last entry comes after everything that was read. Where it cannot be said by its number it is said by
    /// its time, which is later than any that was read, not only than the last one: machines' clocks differ.
    func isAhead(_ header: JournalHeader, of cursor: JournalCursor?) -> Bool {
        guard header.entries > 0 else { return false }
        if let cursor, let isLater = cursor.isBefore(header.tailSequence, from: header.source) {
            return isLater
        }
        return header.tailTime > newest
    }
}
