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
        /// The entry's number, and where its numbers come from.
        let number: (sequence: UInt64, source: String)
        /// When it was written, or the one before it: journald writes the number first.
        let time: WallTime
        /// When it was found.
        let since: Instant
    }

    /// One entry may be in the file and not in its tables yet; a moment later it is.
    static let patience = Duration.seconds(5)
    /// After so long what cannot be read is passed over.
    static let mourning = Duration.seconds(30)

    /// What was found, one a file.
    private(set) var unread: [Unread] = []
    /// The latest entry of all.
    private var newest = WallTime(nanoseconds: .min)

    /// An entry of this time was read.
    mutating func passed(_ time: WallTime) {
        newest = max(newest, time)
        if !unread.isEmpty { unread.removeAll { $0.time == time } }
    }

    /// This entry was read.
    mutating func passed(_ cursor: JournalCursor) {
        unread.removeAll { cursor.isEntry($0.number.sequence, from: $0.number.source) }
    }

    /// What lies before this was passed over.
    mutating func skip(to time: WallTime) { newest = max(newest, time - .microseconds(1)) }

    /// The end was reached behind this entry; these are the files, and what their headers say. Gives the files
    /// whose last entries nobody will read any more, for they are not written to now.
    mutating func look(
        _ files: [(file: JournalFile, header: JournalHeader)], behind cursor: JournalCursor?, at now: Instant
    ) -> Set<JournalFile.Identity> {
        // Who has just read the last entry of a file has passed all that came before it. Where files have several
        // writers, the library passes over what comes with an earlier time than it has read elsewhere.
        for (file, header) in files where cursor?.isEntry(header.tailSequence, from: header.source) ?? false {
            unread.removeAll { $0.identity == file.identity }
        }
        let gone = Set(unread.map(\.identity)).subtracting(files.map(\.file.identity))
        unread.removeAll { gone.contains($0.identity) }
        for (file, header) in files where isAhead(header, of: cursor) {
            guard !unread.contains(where: { $0.identity == file.identity }) else { continue }
            unread.append(
                Unread(
                    identity: file.identity, path: file.path, number: (header.tailSequence, header.source),
                    time: header.tailTime, since: now))
        }
        return gone
    }

    /// Which file ends too early, once that is no moment any more.
    func problem(at now: Instant) -> JournalProblem? {
        unread.first { now - $0.since >= Self.patience }.map {
            .damaged($0.path, "cannot be read to its last entry, of \($0.time.rfc3339)")
        }
    }

    /// What is given up by now.
    func lost(at now: Instant) -> [Unread] { unread.filter { now - $0.since >= Self.mourning } }

    /// What lies before the end of this file was passed over.
    mutating func give(up file: JournalFile.Identity) { unread.removeAll { $0.identity == file } }

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
