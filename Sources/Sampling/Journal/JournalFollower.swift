// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Vitals

/// Reads the journal, on a thread of its own: waits for entries, hands them to counters, watches and ledger.
final class JournalFollower {
    /// Where the reading stands.
    enum Position {
        /// Before the first entry of this time or later: nothing was read yet.
        case since(WallTime)
        /// Behind this entry.
        case behind(JournalCursor, WallTime)

        var time: WallTime {
            switch self {
            case .since(let time), .behind(_, let time): time
            }
        }
    }

    /// Errors of the last minutes are told also right after a start.
    static let leastLookBack = Duration.seconds(600)
    /// History that takes longer to read is given up: what happens now is more urgent.
    static let historyTime = Duration.seconds(10)
    /// A set of files is opened anew after so many entries: the pages that were read stay mapped, about 2.5 MB
    /// after these, until they are closed.
    static let sessionEntries = 8000
    /// After so many entries it looks whether something else is wanted.
    static let batch = 256
    /// Files are listed anew at least this often, for where inotify(7) does not see (or has run out).
    private static let round = Duration.seconds(30)
    /// Times between two tries while something cannot be read. journald is seen at times between making a file and
    /// writing its header, so the first come soon.
    private static let retries = [200, 500, 1000, 2000, 5000, 10_000, 30_000].map {
        Duration.milliseconds($0)
    }
    /// What was readable a moment ago is called unreadable after so long.
    private static let quietTime = Duration.milliseconds(1500)
    /// The clock of file systems is a few ms behind, and a second on some.
    static let slack = Duration.seconds(2)

    let orders: JournalOrders
    let standing: JournalStanding
    private let ledger: JournalLedger
    let tallies: JournalTallies
    let time: any TimeSource
    private let libraryName: String
    private let alarm: JournalAlarm

    let begun: Instant
    let start: WallTime
    private var library: JournalLibrary?
    private var boot: csystemd_id?
    var wish = JournalOrders.Wish(options: JournalOptions(), watches: [])
    private var roster: JournalRoster
    /// The watches that know their past, and whether the first ones do.
    var covered: Set<ObjectIdentifier> = []
    var hasCovered = false
    private var session: JournalSession?
    var position: Position
    private var mayHaveGap = false
    /// Archived files that are read once the present is, and until when.
    var history: [JournalFile] = []
    var historyDeadline: Instant?
    /// Since when not all can be read, and how often that was looked at.
    private var troubleSince: Instant?
    private var failures = 0
    /// Whether all could be read once.
    private var wasWhole = false
    private var gap: JournalProblem?
    private var nextList: Instant
    private var record = JournalRecord()

    /// Makes a follower; `run` is the thread.
    init(
        _ orders: JournalOrders, _ standing: JournalStanding, _ ledger: JournalLedger,
        _ tallies: JournalTallies, time: any TimeSource, library: String
    ) {
        self.orders = orders
        self.standing = standing
        self.ledger = ledger
        self.tallies = tallies
        self.time = time
        libraryName = library
        alarm = JournalAlarm(orders.bell)
        begun = time.now
        nextList = begun
        start = time.wall
        position = .since(time.wall)
        roster = JournalRoster(wish.options, [], tallies)
    }

    /// Reads until the orders are closed.
    func run() {
        var mustList = true
        while !orders.isClosed {
            standing.reading(since: time.now)
            var problem: JournalProblem?
            do throws(JournalProblem) {
                problem = try turn(listing: mustList)
            } catch {
                session = nil
                problem = error
            }
            if !orders.isClosed { tell(problem) }
            for watch in wish.watches { watch.allowAnswers() }
            let isWhole = problem == nil && session?.refused.isEmpty ?? false
            if isWhole { failures = 0 }
            if mustList || session == nil {
                nextList =
                    time.now + (isWhole ? Self.round : Self.retries[min(failures, Self.retries.count - 1)])
                failures += isWhole ? 0 : 1
            }
            let event = alarm.wait(max(.zero, nextList - time.now))
            mustList = event.moved || time.now >= nextList
        }
    }

    /// Tells the others how the reading stands. What was readable a moment ago may be so again in a moment: journald
    /// rotates, or has made a file and not written its header yet.
    private func tell(_ problem: JournalProblem?) {
        guard let problem else {
            troubleSince = nil
            wasWhole = true
            return standing.caughtUp(session?.remarks ?? [])
        }
        let since = troubleSince ?? time.now
        troubleSince = since
        guard !wasWhole || problem.reason == .journalDenied || time.now - since >= Self.quietTime else {
            return
        }
        standing.failed(problem, since: since, session?.remarks ?? [])
    }

    /// One round: takes orders, opens what is to be open, reads to the end. What cannot be read while the rest can is
    /// what it returns.
    private func turn(listing mustList: Bool) throws(JournalProblem) -> JournalProblem? {
        if let wish = orders.take() { take(wish) }
        let library = try loaded()
        if session != nil { try read(library) }
        if session == nil || mustList { try list(library) }
        try read(library)
        // Archived files are read to their ends by now.
        if session?.hasArchived ?? false {
            try open(library)
            try read(library)
        }
        guard !orders.isClosed else { return nil }
        try cover(library)
        return session?.problem ?? gap
    }

    private func take(_ new: JournalOrders.Wish) {
        if new.options.place != wish.options.place {
            session = nil
            ledger.clear()
            covered = []
            hasCovered = false
            position = .since(time.wall)
        }
        wish = new
        ledger.limit(new.options.keepErrors)
        covered.formIntersection(new.watches.map { ObjectIdentifier($0) })
        enrol()
        // While nothing was read the beginning still can be chosen.
        if case .since = position, !hasCovered {
            position = .since(start - lookBack(of: new.watches))
            historyDeadline = nil
        }
    }

    /// A watch that comes later gets nothing until it has its past, which ends where the reading stands.
    func enrol() {
        let watches =
            hasCovered ? wish.watches.filter { covered.contains(ObjectIdentifier($0)) } : wish.watches
        roster = JournalRoster(wish.options, watches, tallies)
    }

    func lookBack(of watches: [JournalWatch]) -> Duration {
        watches.map(\.plan.lookBack).reduce(Self.leastLookBack, max)
    }

    private func loaded() throws(JournalProblem) -> JournalLibrary {
        if let library { return library }
        let made = try JournalLibrary(libraryName)
        library = made
        var id = csystemd_id()
        if made.calls.get_boot?(&id) ?? -1 >= 0 { boot = id }
        return made
    }

    /// Looks which files there are, and opens them anew where they are others.
    private func list(_ library: JournalLibrary) throws(JournalProblem) {
        let listing = JournalListing(wish.options.place, machine: library.machine)
        alarm.watch(listing.directories, missing: listing.missing)
        if let problem = listing.problem(user: geteuid()) { throw problem }
        gap = listing.gap(user: geteuid())
        let active = Set(listing.active.map(\.identity))
        guard let session, session.active == active, session.refused.isEmpty else {
            return try open(library, listing)
        }
    }

    private func open(_ library: JournalLibrary, _ listing: JournalListing? = nil) throws(JournalProblem) {
        let listing = listing ?? JournalListing(wish.options.place, machine: library.machine)
        if let problem = listing.problem(user: geteuid()) { throw problem }
        // Archived files that were read to their ends have nothing to say, however young they are.
        let isRead =
            session.map { $0.hasArchived && $0.active == Set(listing.active.map(\.identity)) } ?? false
        session = nil
        // Where the clock was set back, files are older than what was read last.
        let unread = min(position.time, time.wall) - Self.slack
        let since = isRead ? time.wall + .seconds(3600) : unread
        var archived = listing.archived(since: since)
        if case .since = position, !hasCovered {
            history = archived
            archived = []
        }
        let opened = try JournalSession(
            listing.active, archived.suffix(JournalListing.mostArchived), library)
        switch position {
        case .since(let time): opened.handle.seek(time)
        case .behind(let cursor, _):
            opened.handle.seek(cursor)
            mayHaveGap = true
        }
        session = opened
    }

    /// Reads to the end of what is open.
    private func read(_ library: JournalLibrary) throws(JournalProblem) {
        guard var current = session else { return }
        var last: WallTime?
        var hasTriedAgain = false
        while current.handle.next() {
            switch mayHaveGap ? step(onto: current.handle) : .ahead {
            case .ahead: break
            case .known: continue
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
            let realtime = current.handle.realtime ?? time.wall
            note(current.handle, realtime, roster: &roster)
            last = realtime
            current.count += 1
            guard current.count % Self.batch == 0 else { continue }
            guard !orders.isClosed else { break }
            standing.passed(realtime)
            // Only before the first end: where the clock is set back, what comes then also looks old.
            if !hasCovered, realtime < start, tooMuchHistory() {
                tallies.drop("history")
                for watch in wish.watches where !covered.contains(ObjectIdentifier(watch)) {
                    covered.insert(ObjectIdentifier(watch))
                    watch.cover(since: begun)
                }
                hasCovered = true
                history = []
                current.handle.seek(start)
            } else if current.count >= Self.sessionEntries, let cursor = current.handle.cursor {
                position = .behind(cursor, realtime)
                session = nil
                try open(library)
                guard let next = session else { return }
                current = next
            }
        }
        if let last, let cursor = current.handle.cursor { position = .behind(cursor, last) }
        session = current
    }

    /// What the first entry behind a reopening is.
    private enum Step {
        /// The next one.
        case ahead
        /// The one that was read last.
        case known
        /// One with unread ones before it, that are nowhere to be seen.
        case beyond(UInt64)
    }

    private func step(onto handle: JournalHandle) -> Step {
        mayHaveGap = false
        guard case .behind(let before, _) = position, let cursor = handle.cursor else { return .ahead }
        if cursor.isSameEntry(as: before) { return .known }
        guard let lost = cursor.entries(since: before), lost > 0 else { return .ahead }
        return .beyond(lost)
    }

    private func tooMuchHistory() -> Bool {
        let deadline = historyDeadline ?? time.now + Self.historyTime
        historyDeadline = deadline
        return time.now > deadline
    }

    func note(
        _ handle: JournalHandle, _ realtime: WallTime, roster: inout JournalRoster, counting: Bool = true
    ) {
        let stamp = handle.monotonic
        let isOurBoot = if let stamp, let boot { stamp.boot == boot } else { false }
        // What an earlier boot left is no sign of how things are now.
        guard isOurBoot || wish.options.place.spansBoots else { return }
        record.clear()
        guard handle.fields({ record.take($0) }) else {
            if counting { tallies.drop("damaged") }
            return
        }
        let now = time.now
        let age = Duration.nanoseconds(max(0, time.wall.nanoseconds &- realtime.nanoseconds))
        // The entry's own monotonic time does not jump when somebody sets the clock.
        let arrival = isOurBoot ? min(stamp?.time ?? now, now) : now - age
        let isHistory = isOurBoot ? arrival < begun : realtime < start
        let units = record.units
        for (place, name) in units.enumerated() {
            guard let unit = roster.unit(name) else { continue }
            for (watch, search) in unit.watches
            where units[..<place].allSatisfy({ !JournalOptions.covers(watch.plan.units, $0) }) {
                watch.note(record, search, at: arrival)
            }
            guard counting else { continue }
            if record.priority <= .err { ledger.keep(line(realtime, name), of: tallies.label(name)) }
            guard !isHistory else { continue }
            unit.messages[record.priority.level].add()
            for (search, tally) in unit.patterns where search.finds(in: record.message) { tally.add() }
        }
    }

    private func line(_ realtime: WallTime, _ unit: String) -> LogsQuery.Line {
        LogsQuery.Line(
            time: realtime.rfc3339, priority: record.priority.rawValue, unit: unit,
            identifier: record.identifier, pid: Int64(record.pid),
            message: String(decoding: record.message.prefix(JournalLedger.longestMessage), as: UTF8.self),
            messageID: record.messageID.isEmpty ? nil : record.messageID)
    }
}
