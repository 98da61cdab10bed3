// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import Vitals

/// Where vitald's lines go. Never blocks: what the reader does not take waits in a bounded ring, and what does
/// not fit there is counted and said later.
package final class EventLog: Sendable {
    /// How lines are written.
    package enum Format: Sendable {
        /// journald's native datagrams, on this socket path.
        case journal(path: String)
        /// One JSON object a line, on this descriptor, which does not block.
        case json(descriptor: Int32)
        /// Text for people, on this descriptor, which does not block.
        case text(descriptor: Int32)
    }

    /// Lines that wait for a reader; an outage of journald of a minute at one change a second fits many times.
    static let ringLength = 1000

    /// How often, a millisecond apart, the end looks whether a sink has written what it took.
    private static let lastLooks = 1000

    private struct State {
        var waiting: [[UInt8]] = []
        /// So many bytes of the first one are taken already.
        var begun = 0
        var dropped = 0
        var budget = LineBudget()
    }

    private let format: Format
    /// The least urgent that is written.
    private let threshold: JournalEntry.Priority
    private let time: any TimeSource
    private let sink: any LineSink
    private let state: Mutex<State>
    private let droppedTally: TallyBook.Tally
    private let failedTally: TallyBook.Tally
    private let keptTally: TallyBook.Tally

    /// Makes a log that writes entries at least as urgent as `threshold`.
    package convenience init(
        _ format: Format, threshold: JournalEntry.Priority, time: any TimeSource, tallies: TallyBook
    ) {
        let sink: any LineSink =
            switch format {
            case .journal(let path): DatagramSink(path: path)
            case .json(let descriptor), .text(let descriptor): StreamSink(descriptor: descriptor)
            }
        self.init(format, threshold: threshold, time: time, tallies: tallies, sink: sink)
    }

    /// Makes a log that hands its lines to `sink`.
    package init(
        _ format: Format, threshold: JournalEntry.Priority, time: any TimeSource, tallies: TallyBook,
        sink: any LineSink
    ) {
        self.format = format
        self.threshold = threshold
        self.time = time
        self.sink = sink
        state = Mutex(State())
        droppedTally = tallies.tally(
            OwnFamilies.dropped, [("what", "log_lines"), ("reason", "reader_slow")])
        failedTally = tallies.tally(
            OwnFamilies.dropped, [("what", "log_lines"), ("reason", "write_failed")])
        keptTally = tallies.tally(OwnFamilies.dropped, [("what", "log_lines"), ("reason", "rate")])
    }

    /// Writes a line, or keeps it for the next `flush`; beyond the budget it is counted and not written.
    package func write(_ entry: JournalEntry) {
        guard entry.priority <= threshold else { return }
        state.withLock { state in
            guard state.budget.admits(entry.priority, at: time.now) else { return keptTally.add() }
            deliver(render(entry), &state)
        }
    }

    /// Tries again to hand over what waits; called with every beat of the watchdog's thread, and once at the end.
    package func flush(isLast: Bool = false) {
        state.withLock { state in
            if let count = state.budget.account(at: time.now, isLast: isLast) {
                let entry = JournalEntry(
                    .linesDropped, .warning,
                    "\(count) log lines were not written: within 30 seconds there may be \(LineBudget.most), "
                        + "\(LineBudget.mostWarnings) warnings and \(LineBudget.mostErrors) errors",
                    fields: [("VITALD_DROPPED", String(count))])
                deliver(render(entry), &state)
            }
            drain(&state)
        }
        guard isLast else { return }
        // A sink with a thread of its own needs a moment; one that nobody reads does not get more.
        for _ in 0..<Self.lastLooks where !sink.isIdle {
            poll(nil, 0, 1)
            state.withLock { drain(&$0) }
        }
        // Beside the lock: this may block, and nobody may have to wait for it.
        let left = state.withLock { state in
            defer { (state.waiting, state.begun) = ([], 0) }
            return state.waiting.enumerated().map { $1[($0 == 0 ? state.begun : 0)...] }
        }
        for line in left { sink.force(line) }
    }

    /// Where the lines go, and what has not got there.
    package var standing: LogStanding {
        let waiting = state.withLock { $0.waiting.count }
        let place: LogStanding.Place =
            switch format {
            case .journal(let path): .journal(path: path)
            case .json: .json
            case .text: .text
            }
        return LogStanding(
            place, waiting: waiting, room: Self.ringLength,
            dropped: Int(droppedTally.value + failedTally.value))
    }

    private func render(_ entry: JournalEntry) -> [UInt8] {
        switch format {
        case .journal: entry.nativeDatagram
        case .json: fitting(entry) { $0.jsonLine(at: time.wall) }
        case .text: fitting(entry) { $0.textLine(at: time.wall) }
        }
    }

    /// The line, its message shortened where it is too long to be written in one piece.
    private func fitting(_ entry: JournalEntry, _ render: (JournalEntry) -> [UInt8]) -> [UInt8] {
        var line = render(entry)
        var room = entry.message.unicodeScalars.count
        while line.count > StreamSink.maximumLine, room > 0 {
            room /= 2
            var message = String(String.UnicodeScalarView(entry.message.unicodeScalars.prefix(room)))
            message += " … (shortened)"
            line = render(JournalEntry(entry.event, entry.priority, message, fields: entry.fields))
        }
        return line
    }

    private func deliver(_ line: [UInt8], _ state: inout State) {
        drain(&state)
        if state.waiting.isEmpty {
            switch sink.offer(line[...]) {
            case .taken(let count) where count >= line.count: return
            case .taken(let count): state.begun = count
            case .full: break
            case .lost: return lose(1, &state)
            }
        }
        guard state.waiting.count < Self.ringLength else {
            state.dropped += 1
            droppedTally.add()
            return
        }
        state.waiting.append(line)
    }

    private func drain(_ state: inout State) {
        lose(sink.losses(), &state)
        var passed = 0
        passing: while passed < state.waiting.count {
            let line = state.waiting[passed]
            switch sink.offer(line[state.begun...]) {
            case .taken(let count):
                state.begun += count
                guard state.begun >= line.count else { break passing }
            case .full: break passing
            case .lost: lose(1, &state)
            }
            state.begun = 0
            passed += 1
        }
        if passed > 0 { state.waiting.removeFirst(passed) }
        guard state.waiting.isEmpty, state.dropped > 0 else { return }
        let entry = JournalEntry(
            .linesDropped, .warning,
            "\(state.dropped) log lines were dropped: nobody read them in time, or they could not be written",
            fields: [("VITALD_DROPPED", String(state.dropped))])
        let line = render(entry)
        guard case .taken(let count) = sink.offer(line[...]) else { return }
        state.dropped = 0
        guard count < line.count else { return }
        state.waiting.append(line)
        state.begun = count
    }

    private func lose(_ count: Int, _ state: inout State) {
        guard count > 0 else { return }
        state.dropped += count
        failedTally.add(Int64(count))
    }
}
