// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Which files are open, and reading them to their ends.
extension JournalFollower {
    /// Looks which files there are, and opens them anew where they are others.
    func list(_ library: JournalLibrary) throws(JournalProblem) {
        let listing = JournalListing(wish.options.place, machine: try library.machine())
        alarm.watch(listing.directories, missing: listing.missing)
        if let problem = listing.problem(user: geteuid()) { throw problem }
        gap = listing.gap(user: geteuid())
        let active = Set(listing.active.map(\.identity))
        guard let session, session.active == active, session.refused.isEmpty else {
            return try open(library, listing)
        }
    }

    func open(_ library: JournalLibrary, _ listing: JournalListing? = nil) throws(JournalProblem) {
        let listing =
            if let listing { listing } else {
                JournalListing(wish.options.place, machine: try library.machine())
            }
        if let problem = listing.problem(user: geteuid()) { throw problem }
        session = nil
        let there = Set(listing.files.map(\.path))
        finished.formIntersection(there)
        countedDamaged.formIntersection(listing.files.map(\.identity))
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
        guard try catchUp(archived.filter { !finished.contains($0.path) }, library) else { return }
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
            pass(current.handle, realtime)
            last = realtime
            stretch.pass(current.handle)
            current.count += 1
            // An entry may take long: a slow pattern is searched in 4 KB, and so are thirty others.
            guard !orders.isCalling else { break reading }
            if current.count >= Self.sessionEntries, let cursor = current.handle.cursor {
                settle(stretch, upTo: cursor, current, current.headers)
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
        if let last {
            // A file that the library let go of in the middle has no present entry.
            let cursor = current.handle.cursor
            settle(stretch, upTo: cursor, current, headers)
            position = cursor.map { .behind($0, last) } ?? .since(last + .microseconds(1))
        }
        if let loss = JournalSession.loss(headers) { throw failure(loss) }
        session = current
        guard !orders.isCalling else { return }
        let gone = tails.look(headers, behind: position.cursor, at: time.now)
        tallies.drop("damaged", UInt64(gone.subtracting(countedDamaged).count))
        countedDamaged.formUnion(gone)
    }

    /// Where a file ends too early it is opened again: the library lets go of it for good. What stays unread for long
    /// is passed over, up to the last entry as it is then.
    func readOn(_ library: JournalLibrary) throws(JournalProblem) {
        try open(library)
        try read(library)
        guard let current = session, !orders.isCalling else { return }
        let lost = tails.lost(at: time.now)
        let ends = current.headers.filter { end in lost.contains { $0.identity == end.file.identity } }
        guard ends.count(where: { passOver($0.file, upTo: $0.header, library) }) > 0 else { return }
        session = nil
        try open(library)
        try read(library)
    }

    /// Reads the last entry of a file that cannot be read up to it. The file is read alone: what is as late in the
    /// others may be read already. False where that entry cannot be read either: then the file stays unread, and is told,
    /// until it can or is rotated away.
    private func passOver(_ file: JournalFile, upTo end: JournalHeader, _ library: JournalLibrary) -> Bool {
        guard let alone = try? JournalSession([file], library) else { return false }
        alone.handle.seek(end.tailTime)
        var last: JournalCursor?
        while case .entry = alone.handle.next(), let realtime = alone.handle.realtime,
            realtime <= end.tailTime, let cursor = alone.handle.cursor
        {
            note(alone.handle, realtime, roster: roster)
            last = cursor
        }
        guard let last else { return false }
        if countedDamaged.insert(file.identity).inserted { tallies.drop("damaged") }
        tails.passed(end.tailTime)
        tails.give(up: file.identity)
        if position.time <= end.tailTime { position = .behind(last, end.tailTime) }
        return true
    }

    /// Counts what the library passed over within a stretch. Numbers have no holes of their own where all files are open
    /// that journald numbers together: before systemd 254 each user's file lends its own, and journald goes on from the
    /// highest of all.
    private func settle(
        _ stretch: JournalStretch, upTo last: JournalCursor?, _ session: JournalSession,
        _ headers: [(file: JournalFile, header: JournalHeader)]
    ) {
        let sources = Set(headers.map(\.header.source))
        guard gap == nil, session.refused.isEmpty, sources.count == 1 else { return }
        let most = headers.reduce(0) { $0 &+ $1.header.entries }
        tallies.drop("missing", min(stretch.missing(upTo: last), most))
    }

    /// An entry was read.
    func pass(_ handle: JournalHandle, _ realtime: WallTime) {
        tails.passed(realtime)
        if !tails.unread.isEmpty, let cursor = handle.cursor { tails.passed(cursor) }
    }

    /// What made it stop before the end.
    private func failure(_ problem: JournalProblem) -> JournalProblem {
        guard !problem.isShortage else { return problem }
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
