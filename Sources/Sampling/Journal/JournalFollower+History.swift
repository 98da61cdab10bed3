// SPDX-License-Identifier: Apache-2.0

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
            let since = recall(library)
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
    private func recall(_ library: JournalLibrary) -> Instant {
        let deadline = historyDeadline ?? time.now + Self.historyTime
        historyDeadline = deadline
        let lookBack = lookBack(of: wish.watches)
        var past = Past(
            from: start - lookBack, until: nil, deadline: deadline, isFirst: true,
            roster: JournalRoster(wish.options, wish.watches, tallies))
        let files = history
        history = []
        return read(files, &past, library).map(instant) ?? begun - lookBack
    }

    /// Reads again what lies behind, up to where the reading stands, for these watches alone.
    private func replay(_ watches: [JournalWatch], _ library: JournalLibrary) throws(JournalProblem)
        -> Instant
    {
        let now = time.now
        let lookBack = watches.map(\.plan.lookBack).reduce(.zero, max)
        let from = time.wall - lookBack
        let listing = JournalListing(wish.options.place, machine: library.machine)
        var past = Past(
            from: from, until: position, deadline: now + Self.historyTime, isFirst: false,
            roster: JournalRoster(JournalOptions(patterns: wish.options.patterns), watches, tallies))
        let present = try JournalSession(listing.active, library)
        guard read(present, again: listing.active, &past, library) else {
            tallies.drop("history")
            return now
        }
        return read(listing.archived(since: from - Self.slack), &past, library).map(instant) ?? now - lookBack
    }

    /// Reads archived files, a few at a time and the newest first, for what is near says more. Nil where that was all;
    /// else when the newest that was not read to its end was last written to.
    private func read(_ files: [JournalFile], _ past: inout Past, _ library: JournalLibrary) -> WallTime? {
        var left = files
        while !left.isEmpty {
            let group = Array(left.suffix(JournalListing.mostArchived))
            left.removeLast(group.count)
            // Vacuumed since they were listed, or damaged.
            guard let session = try? JournalSession(group, library) else { continue }
            guard read(session, again: group, &past, library) else {
                tallies.drop("history")
                return group.last?.modified
            }
        }
        return nil
    }

    /// Reads what is open; false where that takes too long.
    private func read(
        _ opened: JournalSession, again files: [JournalFile], _ past: inout Past,
        _ library: JournalLibrary
    ) -> Bool {
        var session = opened
        session.handle.seek(past.from)
        var last: WallTime?
        var failures = 0
        while true {
            switch session.handle.next() {
            case .entry: break
            case .end: return true
            case .failed:
                failures += 1
                guard failures <= Self.mostRotations, last != nil,
                    let next = reopened(session, files, behind: last, library)
                else { return true }
                session = next
                continue
            }
            guard let realtime = session.handle.realtime else { continue }
            if let until = past.until, realtime > until.time { return true }
            last = realtime
            note(session.handle, realtime, roster: past.roster, counting: past.isFirst)
            if case .behind(let last, let end) = past.until, realtime == end,
                session.handle.cursor?.isSameEntry(as: last) ?? true
            {
                return true
            }
            session.count += 1
            guard !orders.isClosed else { return true }
            guard time.now <= past.deadline else { return false }
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
