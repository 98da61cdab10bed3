// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// What lies before the start, or before a watch that comes with a reload.
extension JournalFollower {
    /// A stretch of the past that is to be read.
    private struct Past {
        /// From this time on.
        let from: WallTime
        /// Up to this entry; nil for all.
        let until: Position?
        /// When it has taken too long.
        let deadline: Instant
        /// Whether counters and last errors hear of it, beside the watches.
        let isFirst: Bool
        /// Who wants to know.
        var roster: JournalRoster
    }

    /// Has every watch know its past. The first ones know the present's file by now, later ones nothing.
    func cover(_ library: JournalLibrary) throws(JournalProblem) {
        let new = wish.watches.filter { !covered.contains(ObjectIdentifier($0)) }
        let isLate = hasCovered
        if !isLate {
            let since = try recall(library)
            for watch in new { watch.cover(since: beginning(since)) }
        } else if !new.isEmpty {
            let since = try replay(new, library)
            for watch in new { watch.cover(since: beginning(since)) }
        }
        hasCovered = true
        covered.formUnion(new.map { ObjectIdentifier($0) })
        if isLate, !new.isEmpty { enrol() }
    }

    /// Nothing was logged before the machine ran.
    private func beginning(_ instant: Instant) -> Instant {
        wish.options.place.spansBoots ? instant : max(instant, Instant(nanoseconds: 0))
    }

    /// Reads the archived files that were there when the present's was opened; from when on all is read then.
    private func recall(_ library: JournalLibrary) throws(JournalProblem) -> Instant {
        let deadline = historyDeadline ?? time.now + Self.historyTime
        historyDeadline = deadline
        let lookBack = lookBack(of: wish.watches)
        var past = Past(
            from: start - lookBack, until: nil, deadline: deadline, isFirst: true,
            roster: JournalRoster(wish.options, wish.watches, tallies))
        // What was read of it is not read again, where the rest has to wait for descriptors.
        var (files, unread) = (history, unreadHistory)
        defer { (history, unreadHistory) = (files, unread) }
        do throws(JournalProblem) {
            try read(&files, &past, &unread, library)
        } catch {
            // Waiting for descriptors takes nothing of the time for reading.
            historyDeadline = nil
            throw error
        }
        return unread.map(instant) ?? begun - lookBack
    }

    /// Reads again what lies behind, up to where the reading stands, for these watches alone.
    private func replay(_ watches: [JournalWatch], _ library: JournalLibrary) throws(JournalProblem)
        -> Instant
    {
        let now = time.now
        let lookBack = watches.map(\.plan.lookBack).reduce(.zero, max)
        let from = time.wall - lookBack
        let listing = JournalListing(wish.options.place, machine: try library.machine())
        if let shortage = listing.shortage { throw shortage }
        var past = Past(
            from: from, until: position, deadline: now + Self.historyTime, isFirst: false,
            roster: JournalRoster(JournalOptions(patterns: wish.options.patterns), watches, tallies))
        let present = try JournalSession(listing.active, library)
        guard case .whole = read(present, again: listing.active, &past, library) else {
            tallies.drop("history")
            return now
        }
        var files = listing.archived(since: from - Self.slack)
        var unread: WallTime?
        do throws(JournalProblem) {
            try read(&files, &past, &unread, library)
        } catch {
            // It is read from the beginning the next time.
            for watch in watches { watch.forget() }
            throw error
        }
        return unread.map(instant) ?? now - lookBack
    }

    /// How far files could be read.
    private enum Extent {
        case whole
        /// These not to their ends.
        case without([JournalFile], String)
        /// It took too long.
        case late
    }

    /// Reads archived files, a few at a time and the newest first, for what is near says more, and takes from the list
    /// what was read. `unread` is when the newest that was not read to its end was last written to: what it held nobody
    /// knows. Throws where descriptors or memory are short.
    private func read(
        _ files: inout [JournalFile], _ past: inout Past, _ unread: inout WallTime?, _ library: JournalLibrary
    ) throws(JournalProblem) {
        while !files.isEmpty {
            let group = Array(files.suffix(JournalListing.mostArchived))
            var session: JournalSession?
            do throws(JournalProblem) {
                session = try JournalSession(group, library)
            } catch {
                if error.isShortage { throw error }
            }
            files.removeLast(group.count)
            var lost = group.filter { file in !(session?.opened.contains(file) ?? false) }
            for file in lost {
                let refusal = session?.refused.first { $0.file == file }
                remark(on: file, refusal?.fact ?? "cannot be read")
            }
            switch session.map({ read($0, again: group, &past, library) }) {
            case .whole, nil: break
            case .without(let more, let fact):
                for file in more { remark(on: file, fact) }
                lost += more
            case .late:
                lost = group
                files = []
            }
            guard let newest = lost.map(\.modified).max() else { continue }
            tallies.drop("history")
            unread = max(unread ?? newest, newest)
        }
    }

    /// Tells of an archived file, unless it was deleted meanwhile.
    private func remark(on file: JournalFile, _ fact: String) {
        if access(file.path, F_OK) == 0 { remarks[file.path] = "\(file.path) \(fact)" }
    }

    /// Which of these files have entries behind the last one that was read, up to a time, or no header any more.
    private func extent(of session: JournalSession, from newest: WallTime, to end: WallTime?) -> Extent {
        let unread = session.headers.filter { _, header in
            guard !header.isUnread, !header.source.isEmpty else { return !header.isUnread }
            let isWanted = end.map { header.tailTime <= $0 } ?? true
            return header.entries > 0 && header.tailTime > newest && isWanted
        }.map(\.file)
        return unread.isEmpty ? .whole : .without(unread, "cannot be read to its last entry")
    }

    /// Reads what is open.
    private func read(
        _ opened: JournalSession, again files: [JournalFile], _ past: inout Past,
        _ library: JournalLibrary
    ) -> Extent {
        var session = opened
        session.handle.seek(past.from)
        var last: WallTime?
        var newest = past.from
        var failures = 0
        while true {
            switch session.handle.next() {
            case .entry: break
            case .end: return extent(of: session, from: newest, to: past.until?.time)
            case .failed(let code):
                failures += 1
                guard failures <= Self.mostRotations, last != nil,
                    let next = reopened(session, files, behind: last, library)
                else { return .without(session.opened, "cannot be read: \(String(cString: strerror(code)))") }
                session = next
                continue
            }
            guard let realtime = session.handle.realtime else { continue }
            if let until = past.until, realtime > until.time { return .whole }
            last = realtime
            newest = max(newest, realtime)
            note(session.handle, realtime, roster: past.roster, counting: past.isFirst)
            if case .behind(let last, let end) = past.until, realtime == end,
                session.handle.cursor?.isSameEntry(as: last) ?? true
            {
                return .whole
            }
            session.count += 1
            guard !orders.isClosed else { return .whole }
            guard time.now <= past.deadline else { return .late }
            // The pages of what was read are given back.
            if session.count >= Self.sessionEntries,
                let next = reopened(session, files, behind: realtime, library)
            {
                session = next
            }
        }
    }

    /// A time of day on the clock that does not jump.
    private func instant(_ wall: WallTime) -> Instant {
        time.now - .nanoseconds(max(0, time.wall.nanoseconds &- wall.nanoseconds))
    }
}
