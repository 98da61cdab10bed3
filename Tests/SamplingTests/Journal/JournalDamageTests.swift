// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite("journal, damaged")
struct JournalDamageTests {
    @Test("several files are followed at once; one that cannot be opened is a problem and spoils nothing")
    func damaged() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.write([.init()], to: "user-1000.journal")
        let bad = bench.directory + "/journal/bad.journal"
        try TextFile.write(String(repeating: "rubbish ", count: 4096), bad)
        bench.reader.start()
        try Workbench.wait(for: "the problem") { bench.reader.problem != nil }
        #expect(bench.reader.problem?.reason == "journal.damaged")
        #expect(bench.reader.problem?.sentence.hasPrefix("\(bad) cannot be read: Bad message: ") ?? false)
        try Workbench.wait(for: "the lag") { bench.reader.lag ?? .zero > .milliseconds(10) }
        var sheet = Sheet()
        bench.reader.fill(&sheet)
        #expect(sheet.samples.map(\.value.number).last == 0)

        try bench.write([.init(priority: 3)])
        try bench.write([.init(priority: 4)], to: "user-1000.journal")

        try Workbench.wait(for: "both") {
            bench.count("agent.service", "err") == 1 && bench.count("agent.service", "warning") == 1
        }
        #expect(bench.reader.logs(unit: "*", limit: 1).missing == [bench.reader.problem?.sentence])

        unlink(bad)
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
    }

    @Test("the file that is written to is lost in the middle of the work: the other is read, and it is told")
    func damagedLater() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.write([.init()], to: "user-1000.journal")
        try bench.start()

        try TextFile.write(String(repeating: "rubbish ", count: 4096), bench.directory + "/new")
        rename(bench.directory + "/new", bench.directory + "/journal/system.journal")
        try Workbench.wait(for: "the problem") { bench.reader.problem?.reason == "journal.damaged" }
        try bench.write([.init(priority: 3)], to: "user-1000.journal")

        try Workbench.wait(for: "the other") { bench.count("agent.service", "err") == 1 }
        #expect(bench.reader.problem != nil && bench.reader.lag ?? .zero > .zero)
    }

    @Test(
        "a file that is cut short while it is read ends nothing: it is told, the rest is read, and so is the next",
        arguments: [0, 4096, 100_000])
    func cutShort(_ size: Int) throws {
        let bench = try JournalBench()
        try bench.write((0..<2000).map { .init(message: "\($0) " + String(repeating: "x", count: 200)) })
        try bench.write([.init()], to: "user-1000.journal")
        try bench.start()
        let file = bench.directory + "/journal/system.journal"

        truncate(file, size)
        try Workbench.wait(for: "the problem") { bench.reader.problem != nil }
        #expect(bench.reader.problem?.reason == "journal.damaged")
        #expect(bench.reader.problem?.sentence.hasPrefix(file) ?? false)
        #expect(bench.dropped("damaged") > 0)
        try bench.write([.init(priority: 3)], to: "user-1000.journal")
        try Workbench.wait(for: "the other") { bench.count("agent.service", "err") == 1 }

        unlink(file)
        try bench.write([.init(priority: 4)])
        try Workbench.wait(for: "the next") { bench.count("agent.service", "warning") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
        #expect(bench.count("agent.service", "err") == 1)
    }

    @Test(
        "a last entry is missed for five seconds before it is told, and never when it, or all up to it, was read"
    )
    func tails() throws {
        let bench = try JournalBench()
        try bench.write([.init(age: .seconds(9)), .init()])
        let file = try #require(JournalFile("system.journal", in: bench.directory + "/journal"))
        let header = try #require(JournalHeader(file.path))
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        func cursor(_ number: Int) -> JournalCursor? {
            JournalCursor("s=\(header.source);i=\(number);b=01;m=5;t=6;x=7")
        }
        var tails = JournalTails()

        #expect(tails.look([(file, header)], behind: cursor(1), at: at(10)).isEmpty)
        #expect(tails.unread.map(\.time) == [header.tailTime])
        #expect(tails.problem(at: at(14)) == nil)
        #expect(tails.problem(at: at(15))?.reason == "journal.damaged")
        #expect(tails.problem(at: at(3600))?.reason == "journal.damaged", "and stays so")
        var known = tails
        known.passed(header.tailTime)
        #expect(known.unread.isEmpty)
        var passed = tails
        _ = passed.look([(file, header)], behind: cursor(2), at: at(11))
        #expect(passed.unread.isEmpty)
        var numbered = tails
        numbered.passed(try #require(cursor(1)))
        #expect(numbered.unread.count == 1)
        numbered.passed(try #require(cursor(2)))
        #expect(numbered.unread.isEmpty, "by its number, whatever time the header told before it was whole")
        let gone = tails.look([], behind: cursor(1), at: at(11))
        #expect(gone == [file.identity], "the file is not written to any more")
        #expect(tails.unread.isEmpty)

        var late = JournalTails()
        late.passed(header.tailTime + .seconds(1))
        _ = late.look([(file, header)], behind: nil, at: at(1))
        #expect(late.unread.isEmpty, "of another source, and earlier than what was read")
    }

    @Test(
        "a file that is rotated away and cut while it is read is no damage of what is written to: it goes on there"
    )
    func cutByRotation() throws {
        let bench = try JournalBench(patterns: [
            JournalPattern(name: "slow", search: .expression(try BytePattern("a.*b")), units: ["*"])
        ])
        try bench.write([.init()])
        try bench.start()
        let text = String(repeating: "a", count: 4090)
        try bench.write((1000..<1400).map { .init(priority: 3, message: "\($0) \(text)") })
        try Workbench.wait(for: "the first of them") { bench.count("agent.service", "err") ?? 0 > 0 }

        try bench.rotate(1)
        truncate(bench.directory + "/journal/system@1.journal", 300_000)
        try bench.write([.init(priority: 4)])

        try Workbench.wait(for: "the next file") { bench.count("agent.service", "warning") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.lag == .zero }
        #expect(bench.reader.problem == nil)
        #expect(bench.count("agent.service", "err") ?? 400 < 400)
        #expect(bench.dropped("damaged") > 0, "here more was cut away than a rotation does")
    }

    @Test(
        "an archived file that is cut short while it is caught up is told, and counted; the others are read",
        arguments: [0, 100])
    func cutWhileCaughtUp(_ size: Int) throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()
        let place = bench.directory + "/journal"
        try bench.unseen { away in
            try bench.write(Self.longErrors, to: away + "/system.journal")
            JournalBench.archive(1, in: away)
            try bench.write([.init(priority: 5)], to: away + "/system.journal")
            JournalBench.archive(2, in: away)
            try bench.write([.init(priority: 4)], to: away + "/system.journal")
            bench.meanwhile("err") { truncate(place + "/system@1.journal", size) }
        }

        try Workbench.wait(for: "the next file") { bench.count("agent.service", "warning") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.lag == .zero }
        #expect(bench.count("agent.service", "err") ?? 300 < 300)
        #expect(bench.count("agent.service", "notice") == 1)
        #expect(bench.dropped("damaged") > 0)
        let missing = bench.reader.logs(unit: "*", limit: 1).missing
        #expect(missing.first?.hasPrefix("\(place)/system@1.journal cannot be read") ?? false)
    }

    @Test("an archived file that is deleted before its turn comes while others are caught up is counted")
    func deletedWhileCaughtUp() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()
        let last = JournalListing.mostArchived + 2
        try bench.unseen { away in
            try bench.write([.init(priority: 3)], to: away + "/system.journal")
            JournalBench.archive(1, in: away)
            for number in 2...last {
                try bench.write(
                    [.init(priority: number == last - 1 ? 4 : 5)], to: away + "/system.journal")
                JournalBench.archive(number, in: away)
            }
            try bench.write([.init(priority: 2)], to: away + "/system.journal")
            let next = bench.directory + "/journal/system@\(last - 1).journal"
            bench.meanwhile("err") { unlink(next) }
        }

        try Workbench.wait(for: "the last") { bench.count("agent.service", "crit") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
        #expect(bench.count("agent.service", "err") == 1)
        #expect(bench.count("agent.service", "notice") == Int64(last - 2))
        #expect(bench.count("agent.service", "warning") ?? 0 == 0)
        #expect(bench.dropped("vacuumed") == 1 && bench.dropped("damaged") == 0)
    }

    /// More than the library has in its hands at once.
    private static let longErrors = (1000..<1300).map {
        JournalBench.Entry(priority: 3, message: "\($0) " + String(repeating: "a", count: 4090))
    }

    @Test(
        "a file that loses its pages fails whoever reads it, and nobody who reads another on the same thread")
    func lostElsewhere() throws {
        let bench = try JournalBench()
        try bench.write((0..<2000).map { .init(message: "\($0) " + String(repeating: "x", count: 200)) })
        try bench.write([.init(), .init()], to: "user-1000.journal")
        csystemd_guard(1)
        defer { csystemd_guard(0) }
        let library = try JournalLibrary()
        let cut = try JournalHandle(library, files: [bench.directory + "/journal/system.journal"])
        let whole = try JournalHandle(library, files: [bench.directory + "/journal/user-1000.journal"])
        for handle in [cut, whole] {
            handle.seek(WallTime(nanoseconds: 0))
            guard case .entry = handle.next() else { throw Unread() }
        }
        let lost = csystemd_lost()

        truncate(bench.directory + "/journal/system.journal", 4096)

        var isRead = true
        while isRead { if case .entry = cut.next() { isRead = true } else { isRead = false } }
        guard case .failed(EIO) = cut.next() else { throw Unread() }
        #expect(csystemd_lost() > lost)
        guard case .entry = whole.next() else { throw Unread() }
        #expect(whole.fields { _ in })
        guard case .end = whole.next() else { throw Unread() }
    }

    private struct Unread: Error {}

    @Test("the header of a file tells its last entry, and one that is none tells nothing")
    func header() throws {
        let bench = try JournalBench()
        try bench.write([.init(age: .seconds(9)), .init(age: .seconds(5)), .init()])
        let path = bench.directory + "/journal/system.journal"

        let header = try #require(JournalHeader(path))

        #expect(header.entries == 3 && header.tailSequence == 3 && header.source.utf8.count == 32)
        #expect((0...60_000_000_000).contains(bench.time.wall.nanoseconds - header.tailTime.nanoseconds))
        #expect(header.size > 4096)
        truncate(path, 100)
        let short = try #require(JournalHeader(path))
        #expect(short.size == 100 && short.entries == 0 && short.identity == header.identity)
        #expect(JournalHeader(path + ".none") == nil)
    }
}
