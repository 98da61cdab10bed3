// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Which files are open, and reading them to their ends.
extension JournalFollower {
    /// Looks which files there are, and opens them anew where they are others.
    func list(_ library: JournalLibrary) throws(JournalProblem) {
        let listing = JournalListing(wish.options.place, machine: library.machine)
        alarm.watch(listing.directories, missing: listing.missing)
        if let problem = listing.problem(user: geteuid()) { throw problem }
        gap = listing.gap(user: geteuid())
        let active = Set(listing.active.map(\.identity))
        guard let session, session.active == active, session.refused.isEmpty else {
            return try open(library, listing)
        }
    }

    func open(_ library: JournalLibrary, _ listing: JournalListing? = nil) throws(JournalProblem) {
        let listing = listing ?? JournalListing(wish.options.place, machine: library.machine)
        if let problem = listing.problem(user: geteuid()) { throw problem }
        session = nil
        let there = Set(listing.files.map(\.path))
        finished.formIntersection(there)
        remarks = remarks.filter { there.contains($0.key) }
        // Where the clock was set back, files are older than what was read last.
        let archived = listing.archived(since: min(position.time, time.wall) - Self.slack)
        guard knowsHistory else {
            let opened = try JournalSession(listing.active, library)
            // Only now: had that failed, the next opening would have to find them again.
            history = archived
            finished.formUnion(archived.map(\.path))
            knowsHistory = true
            seek(opened.handle)
            session = opened
            return
        }
        guard catchUp(archived.filter { !finished.contains($0.path) }, library) else { return }
        let opened = try JournalSession(listing.active, library)
        seek(opened.handle)
        session = opened
    }

    /// Stands where the reading stands.
    func seek(_ handle: JournalHandle) {
        switch position {
        case .since(let time):
            handle.seek(time)
            tails.skip(to: time)
        case .behind(let cursor, _):
            handle.seek(cursor)
            mayHaveGap = true
        }
    }

    /// Reads to the end of what is open.
    func read(_ library: JournalLibrary) throws(JournalProblem) {
        guard var current = session else { return }
        var last: WallTime?
        var stretch = JournalStretch(behind: mayHaveGap ? nil : position.cursor)
        var hasTriedAgain = false
        var nextSaying = time.now + Self.saying
        reading: while true {
            switch current.handle.next() {
            case .entry: break
            case .end: break reading
            case .failed(let code):
                if let last {
                    position =
                        current.handle.cursor(of: last).map { .behind($0, last) }
                        ?? .since(last + .microseconds(1))
                }
                session = nil
                guard !current.isRotated else { return }
                throw failure(JournalSession.loss(current.headers) ?? current.failure(code))
            }
            switch mayHaveGap ? step(onto: current.handle) : .ahead {
            case .ahead: break
            case .known:
                stretch = JournalStretch(behind: position.cursor)
                continue
            case .beyond(let lost):
                // Perhaps it was rotated away between listing and opening.
                if !hasTriedAgain {
                    hasTriedAgain = true
                    session = nil
                    try open(library)
                    guard let next = session else { return }
                    current = next
                    continue
                }
                tallies.drop("vacuumed", lost)
            }
            leastGap = nil
            let realtime = current.handle.realtime ?? time.wall
            note(current.handle, realtime, roster: roster)
            tails.passed(realtime)
            last = realtime
            stretch.pass(current.handle)
            current.count += 1
            // An entry may take long: a slow pattern is searched in 4 KB, and so are thirty others.
            guard !orders.isCalling else { break reading }
            if current.count >= Self.sessionEntries, let cursor = current.handle.cursor {
                settle(stretch, upTo: cursor, current)
                position = .behind(cursor, realtime)
                session = nil
                try open(library)
                guard let next = session else { return }
                current = next
                stretch = JournalStretch(behind: nil)
            }
            let now = time.now
            guard now >= nextSaying else { continue }
            nextSaying = now + Self.saying
            standing.passed(realtime)
            // Only before the first end: where the clock is set back, what comes then also looks old.
            if !hasCovered, realtime < start, tooMuchHistory() {
                giveUpHistory()
                position = .since(start)
                seek(current.handle)
                stretch = JournalStretch(behind: nil)
            }
        }
        let headers = current.headers
        if let last, let cursor = current.handle.cursor {
            settle(stretch, upTo: cursor, current)
            position = .behind(cursor, last)
        }
        if let loss = JournalSession.loss(headers) { throw failure(loss) }
        session = current
        guard !orders.isCalling else { return }
        let gone = tails.look(headers, behind: position.cursor, at: time.now)
        if gone > 0 { tallies.drop("damaged", UInt64(gone)) }
    }

    /// Where a file ends too early it is opened again: the library lets go of it for good. What cannot be read then
    /// either stays a problem, until it can or the file is rotated away.
    func readOn(_ library: JournalLibrary) throws(JournalProblem) {
        try open(library)
        try read(library)
    }

    /// Counts what the library passed over within a stretch, where all files are open that journald numbers together.
    private func settle(_ stretch: JournalStretch, upTo last: JournalCursor?, _ session: JournalSession) {
        guard gap == nil, session.refused.isEmpty else { return }
        tallies.drop("missing", stretch.missing(upTo: last))
    }

    /// What made it stop before the end.
    private func failure(_ problem: JournalProblem) -> JournalProblem {
        tallies.drop("damaged")
        isSudden = true
        return problem
    }

    /// What the first entry behind a reopening is.
    enum Step {
        /// The next one.
        case ahead
        /// The one that was read last.
        case known
        /// One with unread ones before it, that are nowhere to be seen.
        case beyond(UInt64)
    }

    /// Looks what it is. Of several sets of files the one that begins next tells what is lost.
    func step(onto handle: JournalHandle) -> Step {
        mayHaveGap = false
        guard case .behind(let before, _) = position, let cursor = handle.cursor else { return .ahead }
        if cursor.isSameEntry(as: before) {
            leastGap = 0
            return .known
        }
        guard let lost = cursor.entries(since: before) else { return .ahead }
        let least = min(lost, leastGap ?? lost)
        leastGap = least
        return least > 0 ? .beyond(least) : .ahead
    }

    private func giveUpHistory() {
        tallies.drop("history")
        for watch in wish.watches where !covered.contains(ObjectIdentifier(watch)) {
            covered.insert(ObjectIdentifier(watch))
            watch.cover(since: begun)
        }
        hasCovered = true
        history = []
    }

    private func tooMuchHistory() -> Bool {
        let deadline = historyDeadline ?? time.now + Self.historyTime
        historyDeadline = deadline
        return time.now > deadline
    }
}
