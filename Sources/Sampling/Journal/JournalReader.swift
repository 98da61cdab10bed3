// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Threads
package import Vitals

/// The journal's own thread, seen from outside: it exists only while somebody wants the journal read, waits in
/// poll(2) for journald, and is never waited for.
///
/// A reader that is not started, or of which nothing is wanted, costs nothing: neither thread nor libsystemd.
package final class JournalReader: JournalAnswering {
    /// Messages of 4 KiB and a regular expression are the deepest things there.
    private static let stackSize = 512 << 10

    private struct State {
        var options: JournalOptions?
        var watches: [JournalWatch] = []
        var isStarted = false
        var orders: JournalOrders?
    }

    private let time: any TimeSource
    private let library: String
    private let standing = JournalStanding()
    private let ledger = JournalLedger()
    private let tallies: JournalTallies
    private let state: Mutex<State>

    /// Makes a reader of what `options` say; nil for nothing but what checks want.
    package convenience init(_ options: JournalOptions?, time: any TimeSource, tallies: TallyBook) {
        self.init(options, time: time, tallies: tallies, library: JournalLibrary.usual)
    }

    init(_ options: JournalOptions?, time: any TimeSource, tallies: TallyBook, library: String) {
        self.time = time
        self.library = library
        self.tallies = JournalTallies(tallies)
        state = Mutex(State(options: options))
    }

    deinit { state.withLock { $0.orders?.close() } }

    /// Begins; the checks of the configuration have said what they want by now.
    package func start() {
        state.withLock { state in
            state.isStarted = true
            settle(&state)
        }
    }

    /// Begins again where the system had no thread for it.
    package func revive() {
        state.withLock { state in
            if state.isStarted, state.orders == nil, standing.isOn { settle(&state) }
        }
    }

    /// Ends the thread, without waiting for it.
    package func stop() {
        state.withLock { state in
            state.isStarted = false
            settle(&state)
        }
    }

    /// Replaces what is read, for a reload; counters, and what checks have seen, stay.
    package func replaceOptions(_ options: JournalOptions?) {
        state.withLock { state in
            state.options = options
            settle(&state)
        }
    }

    /// Why the journal cannot be read; nil while it can, or nobody wants it.
    package var problem: JournalProblem? { standing.problem }

    /// Patterns that are searched for so long that the reading suffers, one sentence each.
    package var slowPatterns: [String] { standing.slow }

    /// Adds what only is known at the moment of a page: the lag, and whether the journal can be read.
    package func fill(_ sheet: inout Sheet) {
        guard standing.isOn else { return }
        if let lag = lag {
            sheet.begin(JournalFamilies.lag)
            sheet.add(.nanos(lag.nanoseconds))
        }
        sheet.begin(JournalFamilies.success)
        sheet.add(.integer(standing.problem == nil ? 1 : 0), sheet.labels([("collector", "journal")]))
    }

    package func logs(unit: String, limit: Int) -> LogsQuery.Reply {
        let wanted = [UnitKind.fullName(unit), unit]
        let units = ledger.lines.filter { JournalOptions.covers(wanted, $0.key) }
            .sorted { $0.key < $1.key }
            .map { LogsQuery.Unit(unit: $0.key, lines: $0.value.suffix(limit)) }
        let isOn = standing.isOn
        let off = "the journal is not read: add \"journal\": {\"units\": […]} to the configuration"
        return LogsQuery.Reply(
            units: units, lag: lag?.seconds, enabled: isOn, missing: isOn ? standing.missing : [off])
    }

    /// Age of the oldest entry that is not read; nil where nothing reads.
    var lag: Duration? { standing.lag(now: time.now, wall: time.wall) }

    /// Has the journal read for a check.
    func add(_ watch: JournalWatch) {
        state.withLock { state in
            state.watches.append(watch)
            settle(&state)
        }
    }

    /// The check is gone.
    func remove(_ watch: JournalWatch) {
        state.withLock { state in
            state.watches.removeAll { $0 === watch }
            settle(&state)
        }
    }

    /// Starts, tells or ends the thread. Under the lock; nothing here blocks.
    private func settle(_ state: inout State) {
        guard state.isStarted, state.options != nil || !state.watches.isEmpty else {
            state.orders?.close()
            state.orders = nil
            ledger.clear()
            return standing.end()
        }
        let wish = JournalOrders.Wish(options: state.options ?? JournalOptions(), watches: state.watches)
        if let orders = state.orders { return orders.replace(wish) }
        let orders = JournalOrders(wish)
        // Where the last try found no thread, it has begun already.
        if !standing.isOn { standing.begin(at: time.now, wall: time.wall) }
        let (standing, ledger, tallies, time, library) = (standing, ledger, tallies, time, library)
        let began = OwnThread.start(stackSize: Self.stackSize) {
            JournalFollower(orders, standing, ledger, tallies, time: time, library: library).run()
        }
        if began {
            state.orders = orders
        } else {
            standing.failed(.unavailable("no thread can be started. Raise TasksMax="), since: time.now)
        }
    }
}
