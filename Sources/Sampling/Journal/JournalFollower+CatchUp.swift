// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What was rotated away before it was read.
extension JournalFollower {
    /// Reads archived files to their ends, the oldest first and a few at a time, each from where the reading stood when
    /// they were listed: entries of files that were rotated together lie between one another. False where somebody wants
    /// to read elsewhere, or nothing.
    func catchUp(_ files: [JournalFile], _ library: JournalLibrary) -> Bool {
        var left = files[...]
        while !left.isEmpty {
            let group = Array(left.prefix(JournalListing.mostArchived))
            left.removeFirst(group.count)
            guard read(group, library) else { return false }
            finished.formUnion(group.map(\.path))
        }
        return true
    }

    private func read(_ group: [JournalFile], _ library: JournalLibrary) -> Bool {
        let opened: JournalSession
        do throws(JournalProblem) {
            opened = try JournalSession(group, library)
            for refusal in opened.refused { lose(refusal.file, refusal.fact) }
        } catch {
            for file in group { lose(file, error.reason == .journalDamaged ? "cannot be read" : nil) }
            return true
        }
        seek(opened.handle)
        var session = opened
        var nextSaying = time.now + Self.saying
        reading: while true {
            switch session.handle.next() {
            case .entry: break
            case .end: break reading
            case .failed(let code):
                tallies.drop("damaged")
                remarks[group[0].path] = session.failure(code).sentence
                break reading
            }
            if mayHaveGap, case .known = step(onto: session.handle) { continue }
            let realtime = session.handle.realtime ?? time.wall
            note(session.handle, realtime, roster: &roster)
            tails.passed(realtime)
            session.count += 1
            if orders.isCalling, !listen() { return false }
            // The pages of what was read are given back.
            if session.count >= Self.sessionEntries, let cursor = session.handle.cursor,
                let next = try? JournalSession(group, library)
            {
                next.handle.seek(cursor)
                _ = next.handle.next()
                session = next
            }
            let now = time.now
            guard now >= nextSaying else { continue }
            nextSaying = now + Self.saying
            standing.passed(realtime)
        }
        mayHaveGap = false
        let last = session.count > 0 ? session.handle.cursor : position.cursor
        for (file, header) in session.headers where tails.isAhead(header, of: last) {
            lose(file, "cannot be read to its last entry")
        }
        return true
    }

    /// A file is skipped, and counted as one entry. Without a fact it was deleted between being listed and opened.
    private func lose(_ file: JournalFile, _ fact: String?) {
        tallies.drop(fact == nil ? "vacuumed" : "damaged")
        if let fact { remarks[file.path] = "\(file.path) \(fact)" }
    }

    /// Takes orders in the middle; what was read of a file must not be read again. False where the place is another.
    private func listen() -> Bool {
        guard orders.place == wish.options.place else { return false }
        if let wish = orders.take() { take(wish) }
        return true
    }
}
