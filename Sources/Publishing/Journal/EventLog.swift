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
        /// One JSON object a line, on this descriptor.
        case json(descriptor: Int32)
        /// Text for people, on this descriptor.
        case text(descriptor: Int32)
    }

    /// Lines that wait for a reader; an outage of journald of a minute at one change a second fits many times.
    static let ringLength = 1000

    private struct State {
        var waiting: [[UInt8]] = []
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

    init(
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
        return LogStanding(place, waiting: waiting, room: Self.ringLength, dropped: Int(droppedTally.value))
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
        if state.waiting.isEmpty, sink.offer(line) { return }
        guard state.waiting.count < Self.ringLength else {
            state.dropped += 1
            droppedTally.add()
            return
        }
        state.waiting.append(line)
    }

    private func drain(_ state: inout State) {
        var taken = 0
        while taken < state.waiting.count, sink.offer(state.waiting[taken]) { taken += 1 }
        if taken > 0 { state.waiting.removeFirst(taken) }
        guard state.waiting.isEmpty, state.dropped > 0 else { return }
        let entry = JournalEntry(
            .linesDropped, .warning,
            "\(state.dropped) log lines were dropped because their reader did not take them",
            fields: [("VITALD_DROPPED", String(state.dropped))])
        if sink.offer(render(entry)) { state.dropped = 0 }
    }
}

/// Takes lines without ever blocking.
protocol LineSink: Sendable {
    /// Hands over one line; false where the reader does not take it now.
    func offer(_ line: [UInt8]) -> Bool
}

/// Writes lines to a terminal, a pipe or a file, only while there is room.
struct StreamSink: LineSink {
    /// PIPE_BUF of Linux (pipe(7)): so much is written whole or not at all.
    static let maximumLine = 4096

    let descriptor: Int32

    func offer(_ line: [UInt8]) -> Bool {
        // The descriptor is shared with others, so it is not made non-blocking: poll(2) says whether
        // `maximumLine` bytes go in without waiting, and no line is longer than that.
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&poller, 1, 0) == 1, poller.revents & Int16(POLLOUT) != 0 else {
            // A closed reader will never take anything; pretending otherwise would only fill the ring.
            return poller.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        }
        let written = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        return written >= 0 || errno != EAGAIN
    }
}
