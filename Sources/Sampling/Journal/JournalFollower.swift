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

        var cursor: JournalCursor? {
            if case .behind(let cursor, _) = self { cursor } else { nil }
        }
    }

    /// Errors of the last minutes are told also right after a start.
    static let leastLookBack = Duration.seconds(600)
    /// History that takes longer to read is given up: what happens now is more urgent.
    static let historyTime = Duration.seconds(10)
    /// A set of files is opened anew after so many entries: the pages that were read stay mapped, about 2.5 MB
    /// after these, until they are closed.
    static let sessionEntries = 8000
    /// So often it says how far it has come, where there is much to read.
    static let saying = Duration.milliseconds(100)
    /// Files are listed anew at least this often, for where inotify(7) does not see (or has run out).
    private static let round = Duration.seconds(30)
    /// Times between two tries while something cannot be read. journald is seen at times between making a file and
    /// writing its header, so the first come soon.
    private static let retries = [200, 500, 1000, 2000, 5000, 10_000, 30_000].map {
        Duration.milliseconds($0)
    }
    /// So often in one round the files may be rotated away under the reader.
    static let mostRotations = 5
    /// What was readable a moment ago is called unreadable after so long.
    private static let quietTime = Duration.milliseconds(1500)
    /// The clock of file systems is a few ms behind, and a second on some.
    static let slack = Duration.seconds(2)

    let orders: JournalOrders
    let standing: JournalStanding
    let ledger: JournalLedger
    let tallies: JournalTallies
    let time: any TimeSource
    private let libraryName: String
    let alarm: JournalAlarm

    /// What came before this is history: since the start, or since the place is another.
    var begun: Instant
    var start: WallTime
    private var library: JournalLibrary?
    var boot: csystemd_id?
    var wish = JournalOrders.Wish(options: JournalOptions(), watches: [])
    var roster: JournalRoster
    /// The watches that know their past, and whether the first ones do.
    var covered: Set<ObjectIdentifier> = []
    var hasCovered = false
    var session: JournalSession?
    var position: Position
    var mayHaveGap = false
    /// Last entries that should have been read.
    var tails = JournalTails()
    /// Archived files that were read to their ends: their paths, for a number may be given again and such a name is not.
    var finished: Set<String> = []
    /// Files that are counted as damaged, whatever they are called by now.
    var countedDamaged: Set<JournalFile.Identity> = []
    /// Archived files that cannot be read, one sentence each: nothing new will come from there.
    var remarks: [String: String] = [:]
    /// Of the entries behind the position, how many at least are nowhere to be seen.
    var leastGap: UInt64?
    /// Archived files that are read once the present is, and until when.
    var history: [JournalFile] = []
    /// Whether they are listed: once, when the present's was opened first. What is rotated away later is caught up.
    var knowsHistory = false
    var historyDeadline: Instant?
    /// When the newest of those that could not be read was last written to.
    var unreadHistory: WallTime?
    /// Since when not all can be read, and how often that was looked at.
    private var troubleSince: Instant?
    private var failures = 0
    /// Whether all could be read once.
    private var wasWhole = false
    var gap: JournalProblem?
    /// What was found while it was read is told at once: it does not go by.
    var isSudden = false
    private var nextList: Instant
    var record = JournalRecord()

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
        csystemd_guard(1)
        defer { csystemd_guard(0) }
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
            // In the middle of the reading somebody wants something else: there is nothing to tell yet.
            if orders.isCalling, problem == nil { continue }
            // Nor is where the end may not have been one.
            let isSure = problem != nil || tails.unread.isEmpty
            if !orders.isClosed, isSure { tell(problem) }
            for watch in wish.watches { watch.allowAnswers() }
            let isWhole = problem == nil && isSure && session?.refused.isEmpty ?? false
            if isWhole { failures = 0 }
            let patience = isWhole ? Self.round : Self.retries[min(failures, Self.retries.count - 1)]
            if mustList || session == nil || (!isSure && failures == 0) {
                nextList = time.now + patience
                failures += isWhole ? 0 : 1
            }
            let event = alarm.wait(max(.zero, nextList - time.now))
            mustList = event.moved || time.now >= nextList
        }
        for watch in wish.watches { watch.allowAnswers() }
    }

    /// Tells the others how the reading stands. What was readable a moment ago may be so again in a moment: journald
    /// rotates, or has made a file and not written its header yet.
    private func tell(_ problem: JournalProblem?) {
        guard let problem else {
            troubleSince = nil
            isSudden = false
            wasWhole = true
            return standing.caughtUp(remarks.values.sorted())
        }
        let since = troubleSince ?? tails.unread.first?.since ?? time.now
        troubleSince = since
        let mayGoBy = wasWhole && !isSudden && problem.reason != .journalDenied
        guard !mayGoBy || time.now - since >= Self.quietTime else { return }
        standing.failed(problem, since: since, remarks.values.sorted())
    }

    /// One round: takes orders, opens what is to be open, reads to the end. What cannot be read while the rest can is
    /// what it returns.
    private func turn(listing mustList: Bool) throws(JournalProblem) -> JournalProblem? {
        if let wish = orders.take() { take(wish) }
        let library = try loaded()
        if session != nil { try read(library) }
        if session == nil || mustList { try list(library) }
        try read(library)
        // It was rotated away in the middle.
        for _ in 0..<Self.mostRotations where session == nil && !orders.isCalling {
            try list(library)
            try read(library)
        }
        guard session != nil || orders.isCalling else {
            throw .unavailable("the journal is rotated all the time")
        }
        if mustList, !tails.unread.isEmpty, !orders.isCalling { try readOn(library) }
        guard !orders.isCalling else { return nil }
        try cover(library)
        return session?.problem ?? gap ?? tails.problem(at: time.now)
    }

    func take(_ new: JournalOrders.Wish) {
        if new.options.place != wish.options.place {
            leave()
        }
        wish = new
        let followed = new.options.units + new.watches.flatMap(\.plan.units)
        tallies.keep { JournalOptions.covers(followed, $0) }
        ledger.keep { JournalOptions.covers(followed, $0) }
        ledger.limit(new.options.keepErrors)
        covered.formIntersection(new.watches.map { ObjectIdentifier($0) })
        enrol()
        // While nothing was read the beginning still can be chosen.
        if case .since = position, !hasCovered {
            position = .since(start - lookBack(of: new.watches))
            historyDeadline = nil
        }
    }

    /// Another place is read as after a start: what lies there already was counted by nobody, and moves no counter.
    private func leave() {
        session = nil
        ledger.clear()
        for watch in wish.watches { watch.forget() }
        covered = []
        hasCovered = false
        history = []
        unreadHistory = nil
        knowsHistory = false
        tails = JournalTails()
        finished = []
        countedDamaged = []
        remarks = [:]
        leastGap = nil
        mayHaveGap = false
        wasWhole = false
        begun = time.now
        start = time.wall
        position = .since(start)
        standing.restart(at: begun, wall: start)
    }

    /// A watch that comes later gets nothing until it has its past, which ends where the reading stands.
    func enrol() {
        let watches =
            hasCovered ? wish.watches.filter { covered.contains(ObjectIdentifier($0)) } : wish.watches
        roster = JournalRoster(wish.options, watches, tallies)
        standing.slow([])
    }

    func lookBack(of watches: [JournalWatch]) -> Duration {
        watches.map(\.plan.lookBack).reduce(Self.leastLookBack, max)
    }

    private func loaded() throws(JournalProblem) -> JournalLibrary {
        if let library { return library }
        let made = try JournalLibrary(libraryName)
        boot = try made.boot()
        library = made
        return made
    }
}
