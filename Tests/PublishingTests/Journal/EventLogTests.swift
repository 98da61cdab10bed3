// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Publishing

/// Stands still at 2026-11-22T18:20:54.120Z.
private struct FixedTime: TimeSource {
    var now = Instant(nanoseconds: 0)
    var wall = WallTime(nanoseconds: 1_795_371_654_120_000_000)
    var sinceBoot = Duration.zero
}

/// A clock that goes where the test puts it.
private final class MovedTime: TimeSource {
    private let moved = Mutex(Instant(nanoseconds: 0))
    var now: Instant { moved.withLock { $0 } }
    let wall = FixedTime().wall
    let sinceBoot = Duration.zero

    func advance(by duration: Duration) { moved.withLock { $0 = $0 + duration } }
}

/// Takes every line.
private final class Collected: LineSink {
    private let lines = Mutex<[String]>([])

    func offer(_ line: ArraySlice<UInt8>) -> LineDelivery {
        lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        return .taken(line.count)
    }

    func count(_ words: String) -> Int {
        lines.withLock { $0.count { $0.firstRange(of: words) != nil } }
    }
}

/// Takes a few bytes at a time, or nothing, or loses what it is given.
private final class Narrow: LineSink {
    enum Mood { case narrow, shut, broken }

    private let state = Mutex((mood: Mood.narrow, bytes: [UInt8]()))

    var mood: Mood {
        get { state.withLock(\.mood) }
        set { state.withLock { $0.mood = newValue } }
    }
    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    func offer(_ line: ArraySlice<UInt8>) -> LineDelivery {
        state.withLock { state in
            switch state.mood {
            case .narrow:
                state.bytes += line.prefix(7)
                return .taken(min(7, line.count))
            case .shut: return .full
            case .broken: return .lost
            }
        }
    }
}

@Suite("Lines of the log")
struct EventLogTests {
    private let entry = JournalEntry(
        .checkChanged, .error, "database is unhealthy: connection refused",
        fields: [("VITALD_CHECK", "database"), ("VITALD_REASON", "refused")])

    /// What a log of this format writes to a pipe.
    private func written(
        _ format: (Int32) -> EventLog.Format, _ entries: [JournalEntry],
        threshold: JournalEntry.Priority = .notice
    ) -> String {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        let log = EventLog(format(ends[1]), threshold: threshold, time: FixedTime(), tallies: TallyBook())
        for entry in entries { log.write(entry) }
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(ends[0], &buffer, buffer.count)
        close(ends[0])
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test("journald gets native fields: message, priority, id, and ours")
    func journal() throws {
        let journald = try DatagramReader()
        let log = EventLog(
            .journal(path: journald.path), threshold: .notice, time: FixedTime(), tallies: TallyBook())

        log.write(entry)

        #expect(
            journald.next() == """
                MESSAGE=database is unhealthy: connection refused
                PRIORITY=3
                MESSAGE_ID=d492888b0e784718a8e3aa7796af6375
                SYSLOG_IDENTIFIER=vitald
                VITALD_CHECK=database
                VITALD_REASON=refused

                """)
    }

    @Test("a value with a line feed cannot add a field of its own")
    func injection() throws {
        let journald = try DatagramReader()
        let log = EventLog(
            .journal(path: journald.path), threshold: .notice, time: FixedTime(), tallies: TallyBook())

        log.write(JournalEntry(.started, .notice, "one\nPRIORITY=0"))

        #expect(
            journald.next()?.hasPrefix("MESSAGE\n\u{e}\0\0\0\0\0\0\0one\nPRIORITY=0\nPRIORITY=5\n") == true)
    }

    @Test("a line too large for a datagram arrives as a memory file")
    func large() throws {
        let journald = try DatagramReader()
        let log = EventLog(
            .journal(path: journald.path), threshold: .notice, time: FixedTime(), tallies: TallyBook())
        let text = String(repeating: "x", count: 400_000)

        log.write(JournalEntry(.started, .notice, text))

        let file = try #require(journald.nextFile())
        #expect(file.starts(with: "MESSAGE=\(text)\nPRIORITY=5\n".utf8))
    }

    @Test("when journald does not read, the newest lines are dropped, counted, and the count is said later")
    func slowReader() throws {
        let journald = try DatagramReader()
        let tallies = TallyBook()
        let log = EventLog(
            .journal(path: journald.path), threshold: .notice, time: FixedTime(), tallies: tallies)

        for i in 0..<1500 { log.write(JournalEntry(.started, .warning, "line \(i)")) }
        let stuck = log.standing
        var heard: [String] = []
        while let datagram = journald.next(within: 0) {
            heard.append(datagram)
            log.flush()
        }

        let last = try #require(heard.last)
        let inOrder = heard.dropLast().enumerated().allSatisfy { $1.hasPrefix("MESSAGE=line \($0)\n") }
        #expect(inOrder)
        #expect(last.hasPrefix("MESSAGE=\(1500 - heard.count + 1) log lines were dropped"))
        #expect(heard.count > 1000)
        #expect(stuck.waiting == 1000 && stuck.room == 1000)
        #expect(stuck.dropped > 0 && last.hasPrefix("MESSAGE=\(stuck.dropped) log lines"))
        #expect(
            log.standing == LogStanding(.journal(path: journald.path), room: 1000, dropped: stuck.dropped))
    }

    @Test(
        "more lines than journald would take are not written but counted, the urgent ones last, and it is said once"
    )
    func budget() {
        let time = MovedTime()
        let sink = Collected()
        let tallies = TallyBook()
        let log = EventLog(
            .text(descriptor: -1), threshold: .notice, time: time, tallies: tallies, sink: sink)
        func kept() -> Int64? {
            tallies.values(of: OwnFamilies.dropped).first {
                $0.labels.map(\.value) == ["log_lines", "rate"]
            }?.value
        }
        #expect(kept() == 0)

        for _ in 0..<1200 { log.write(JournalEntry(.started, .notice, "usual")) }
        for _ in 0..<5500 { log.write(JournalEntry(.checkChanged, .warning, "urgent")) }
        log.write(JournalEntry(.watchdogStalled, .critical, "the end"))
        #expect(sink.count("the end") == 1)
        #expect(sink.count("usual") == 1000 && sink.count("urgent") == 2000)
        #expect(kept() == 3700)

        time.advance(by: .seconds(15))
        log.flush()
        for _ in 0..<600 { log.write(JournalEntry(.started, .notice, "later")) }
        #expect(sink.count("later") == 500, "half a period, half of the lines")
        #expect(sink.count("were not written") == 0)
        time.advance(by: .seconds(15))
        log.flush()
        log.flush()

        #expect(
            sink.count("3800 log lines were not written: within 30 seconds there may be 2000, 4000") == 1)
        #expect(sink.count("were not written") == 1)

        for _ in 0..<1500 { log.write(JournalEntry(.started, .notice, "last")) }
        log.flush(isLast: true)
        #expect(sink.count("log lines were not written") == 2, "an end does not wait for its period")
    }

    @Test(
        "what is taken in pieces comes whole and in order; what cannot be written is counted, and said later")
    func pieces() {
        let sink = Narrow()
        let tallies = TallyBook()
        let log = EventLog(
            .text(descriptor: -1), threshold: .notice, time: FixedTime(), tallies: tallies, sink: sink)
        func write(_ words: String) { log.write(JournalEntry(.started, .notice, words)) }
        func drain() { for _ in 0..<100 { log.flush() } }

        write("one")
        sink.mood = .shut
        write("two")
        sink.mood = .narrow
        write("three")
        drain()
        sink.mood = .broken
        write("four")
        write("five")
        sink.mood = .narrow
        drain()
        write("six")
        drain()

        let lines = sink.text.split(separator: "\n").map {
            $0.split(separator: ": ", maxSplits: 1).last ?? ""
        }
        #expect(
            lines == [
                "one", "two", "three",
                "2 log lines were dropped: nobody read them in time, or they could not be written", "six",
            ])
        let lost = tallies.values(of: OwnFamilies.dropped).first {
            $0.labels.map(\.value) == ["log_lines", "write_failed"]
        }
        #expect(lost?.value == 2 && log.standing.dropped == 2)
    }

    @Test("a missing journald costs nothing")
    func absent() {
        let log = EventLog(
            .journal(path: "/tmp/vitald-no-journald-here"), threshold: .notice, time: FixedTime(),
            tallies: TallyBook())

        for _ in 0..<10 { log.write(entry) }
        log.flush()

        #expect(log.standing.waiting == 10 && log.standing.dropped == 0)
    }

    @Test("people get one line, and control characters cannot break out of it")
    func text() {
        let bad = JournalEntry(.started, .warning, "a\u{1b}[31m\nb")

        #expect(
            written(EventLog.Format.text, [entry, bad]) == """
                2026-11-22T18:20:54.120Z error: database is unhealthy: connection refused
                2026-11-22T18:20:54.120Z warning: a [31m b

                """)
    }

    @Test("machines get one JSON object a line")
    func json() throws {
        let line = written(EventLog.Format.json, [entry])

        let value = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(value["time"]?.string == "2026-11-22T18:20:54.120Z")
        #expect(value["level"]?.string == "error")
        #expect(value["event"]?.string == "checkChanged")
        #expect(value["vitald_check"]?.string == "database")
        #expect(value["message_id"]?.string == "d492888b0e784718a8e3aa7796af6375")
    }

    @Test("a message too long for one line is shortened between its letters, and the line stays whole")
    func longMessage() throws {
        let long = JournalEntry(
            .reloadFailed, .error, String(repeating: "ü\"", count: 5000), fields: [("VITALD_GENERATION", "1")]
        )

        let line = written(EventLog.Format.json, [long])

        #expect(line.utf8.count <= 4096)
        let value = try JSONDocument(parsing: Array(line.utf8)).root
        #expect(value["message"]?.string?.hasSuffix(" … (shortened)") == true)
        #expect(value["vitald_generation"]?.string == "1")
    }

    @Test("what is less urgent than asked for is not written")
    func threshold() {
        let quiet = JournalEntry(.started, .info, "details")

        #expect(written(EventLog.Format.text, [quiet], threshold: .notice).isEmpty)
        #expect(!written(EventLog.Format.text, [quiet], threshold: .info).isEmpty)
    }

    @Test("every kind of line has an id of its own: 32 hexadecimal digits")
    func identifiers() {
        let ids = JournalEvent.allCases.map(\.messageID)

        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(
                id.count == 32 && id.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x61 && $0 <= 0x66 })
        }
    }
}
