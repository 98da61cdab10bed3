// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// What was rotated away before it was read.
extension JournalFollower {
    /// Reads archived files to their ends, the oldest first and a few at a time, each from where the reading stood when
    /// they were listed: entries of files that were rotated together lie between one another. False where somebody wants
    /// to read elsewhere, or nothing. Throws where descriptors or memory are short: then what is left is read later.
    func catchUp(_ files: [JournalFile], _ library: JournalLibrary) throws(JournalProblem) -> Bool {
        var left = files[...]
        var isFirst = true
        while !left.isEmpty {
            let group = Array(left.prefix(JournalListing.mostArchived))
            left.removeFirst(group.count)
            let there = group.filter { access($0.path, F_OK) == 0 }
            // What is missing at the beginning the numbers tell; in the middle, deleted while others were read, nothing.
            if !isFirst, there.count < group.count {
                tallies.drop("vacuumed", UInt64(group.count - there.count))
            }
            isFirst = false
            if !there.isEmpty {
                guard try read(there, library) else { return false }
            }
            finished.formUnion(group.map(\.path))
        }
        return true
    }

    private func read(_ group: [JournalFile], _ library: JournalLibrary) throws(JournalProblem) -> Bool {
        let opened: JournalSession
        do throws(JournalProblem) {
            opened = try JournalSession(group, library)
            for refusal in opened.refused { lose(refusal.file, refusal.fact) }
        } catch {
            if error.isShortage { throw error }
            for file in group { lose(file, "cannot be read") }
            return true
        }
        seek(opened.handle)
        var session = opened
        var last: WallTime?
        var failures = 0
        var failure: String?
        var nextSaying = time.now + Self.saying
        reading: while true {
            switch session.handle.next() {
            case .entry: break
            case .end: break reading
            case .failed(let code):
                // journald may be cutting it to what it needed just now.
                failures += 1
                guard failures <= Self.mostRotations,
                    let next = reopened(session, group, behind: last, library)
                else {
                    failure = "cannot be read: \(String(cString: strerror(code)))"
                    break reading
                }
                loseRefused(next, since: session)
                session = next
                continue
            }
            if mayHaveGap, case .known = step(onto: session.handle) { continue }
            let realtime = session.handle.realtime ?? time.wall
            note(session.handle, realtime, roster: roster)
            pass(session.handle, realtime)
            last = realtime
            session.count += 1
            if orders.isCalling, !listen() { return false }
            // The pages of what was read are given back.
            if session.count >= Self.sessionEntries,
                let next = reopened(session, group, behind: realtime, library)
            {
                loseRefused(next, since: session)
                session = next
            }
            let now = time.now
            guard now >= nextSaying else { continue }
            nextSaying = now + Self.saying
            standing.passed(realtime)
        }
        mayHaveGap = false
        let cursor = last == nil ? position.cursor : session.handle.cursor
        // One that has no header any more said itself that this was its end.
        let unread = session.headers
            .filter {
                !$0.header.isUnread && ($0.header.source.isEmpty || tails.isAhead($0.header, of: cursor))
            }
            .map(\.file)
        for file in unread { lose(file, failure ?? "cannot be read to its last entry") }
        if unread.isEmpty, let failure { lose(group[0], failure) }
        return true
    }

    /// The same files opened again, standing on the entry that was read last, or before the first.
    func reopened(
        _ session: JournalSession, _ files: [JournalFile], behind last: WallTime?, _ library: JournalLibrary
    ) -> JournalSession? {
        guard let next = try? JournalSession(files, library) else { return nil }
        if let cursor = session.handle.cursor(of: last) {
            next.handle.seek(cursor)
            _ = next.handle.next()
        } else if let last {
            next.handle.seek(last + .microseconds(1))
        } else {
            seek(next.handle)
        }
        return next
    }

    /// Files that could be opened before and cannot be now: cut short while they were read.
    private func loseRefused(_ session: JournalSession, since before: JournalSession) {
        for refusal in session.refused where !before.refused.contains(where: { $0.file == refusal.file }) {
            lose(refusal.file, refusal.fact)
        }
    }

    /// A file is skipped, from somewhere on, and counted as one entry.
    private func lose(_ file: JournalFile, _ fact: String) {
        if countedDamaged.insert(file.identity).inserted { tallies.drop("damaged") }
        remarks[file.path] = "\(file.path) \(fact)"
    }

    /// Takes orders in the middle; what was read of a file must not be read again. False where the place is another.
    private func listen() -> Bool {
        guard orders.place == wish.options.place else { return false }
        if let wish = orders.take() { take(wish) }
        return true
    }
}
