// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

/// A file that is written to, and that has a damaged place in its middle.
@Suite("journal, with holes")
struct JournalHoleTests {
    @Test(
        "damaged entries that the library passes over are counted: nothing else would tell of them",
        arguments: [512, 4096, 32_768])
    func damagedWithin(_ bytes: Int) throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()
        try Self.damage(bench, bytes: bytes)

        // The first of them may be damaged in part, and be read without its priority.
        func told() -> Int64 { (bench.count("agent.service", "err") ?? 0) + bench.dropped("missing") }
        try Workbench.wait(for: "all that is left") {
            bench.dropped("missing") >= bytes / 512 && (799...800).contains(told())
        }
        try bench.write([.init(priority: 4)])
        try Workbench.wait(for: "what comes later") { bench.count("agent.service", "warning") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
        #expect((799...800).contains(told()) && bench.dropped("damaged") == 0)
    }

    @Test(
        "where nothing behind a damaged place can be read, the file is a problem until it is rotated away; the others go on, once",
        arguments: [65_536, nil])
    func damagedToTheEnd(_ bytes: Int?) throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.write([.init()], to: "user-1000.journal")
        try bench.start()
        try Self.damage(bench, bytes: bytes)
        try Workbench.wait(for: "what lies before") { bench.count("agent.service", "err") ?? 0 >= 400 }
        var others = 0
        // The other file wakes the reader, which has another time by then.
        try Workbench.wait(for: "the problem") {
            others += 1
            bench.time.advance(by: .seconds(1))
            try bench.write([.init(priority: 5)], to: "user-1000.journal")
            return bench.reader.problem?.reason == "journal.damaged"
        }
        #expect(others >= 2)
        let place = bench.directory + "/journal/system.journal"
        let sentence = "\(place) cannot be read to its last entry, of "
        #expect(bench.reader.problem?.sentence.hasPrefix(sentence) ?? false)
        #expect(bench.reader.lag ?? .zero >= .seconds(1))

        for _ in 0..<20 {
            bench.time.advance(by: .seconds(10))
            try bench.write([.init(priority: 5)], to: "user-1000.journal")
            others += 1
            try Workbench.wait(for: "the other file") {
                bench.count("agent.service", "notice") == Int64(others)
            }
        }
        #expect(bench.reader.problem?.reason == "journal.damaged")
        #expect(bench.dropped("damaged") == 0, "it may be read still")
        #expect(bench.dropped("missing") == 0, "the two files are not numbered together")
        let before = try #require(bench.count("agent.service", "err"))
        #expect((400..<800).contains(before))

        try bench.rotate(1)
        try bench.write([.init(priority: 4)])
        try Workbench.wait(for: "what comes later") { bench.count("agent.service", "warning") == 1 }
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
        #expect(bench.dropped("damaged") == 1)
        #expect(bench.count("agent.service", "notice") == Int64(others))
        #expect(bench.count("agent.service", "err") == before)
    }

    @Test(
        "a hole in its tables keeps a file from being read on for half a minute, and each entry is read once",
        arguments: ["user-1000.journal", "system.journal"])
    func holeInTable(_ other: String) throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.write([.init()], to: other)
        try bench.start()
        try bench.unseen { away in
            let file = away + "/system.journal"
            try bench.write(Self.errors + Self.errors, to: file)
            // journald doubles them: the last one holds every other entry.
            let table = try Self.tables(file).last ?? 0
            try Self.zero(file, at: Int(table) + 24 + 40 * 8, count: 64)
        }
        try Workbench.wait(for: "what lies before") { bench.count("agent.service", "err") ?? 0 >= 400 }
        var others: Int64 = 0
        func turnsUntil(_ end: () -> Bool) throws -> Int {
            var turns = 0
            try Workbench.wait(for: "a turn") {
                turns += 1
                bench.time.advance(by: .seconds(5))
                others += 1
                try bench.write([.init(priority: 5)], to: other)
                return end()
            }
            return turns
        }
        _ = try turnsUntil { bench.reader.problem?.reason == "journal.damaged" }
        let before = try #require(bench.count("agent.service", "err"))
        #expect(try turnsUntil { bench.reader.problem == nil } >= 4)

        // All that comes later is read at once.
        for number in 1...3 as ClosedRange<Int64> {
            try bench.write([.init(priority: 4)])
            try Workbench.wait(for: "what comes later") {
                bench.count("agent.service", "warning") == number && bench.reader.lag == .zero
            }
        }
        if other == "system.journal" {
            #expect(bench.count("agent.service", "err") == before)
        } else {
            #expect(bench.count("agent.service", "err") == before + 1, "the last one before")
            try Workbench.wait(for: "the other file") {
                bench.count("agent.service", "notice") ?? 0 >= others
            }
            #expect(bench.count("agent.service", "notice") == others)
        }
        try bench.rotate(1)
        try bench.write([.init(priority: 2)])
        try Workbench.wait(for: "the next file") { bench.count("agent.service", "crit") == 1 }
        #expect(bench.dropped("damaged") == 1 && bench.reader.problem == nil)
    }

    private static let errors = (0..<400).map {
        JournalBench.Entry(priority: 3, message: "\($0) " + String(repeating: "x", count: 300))
    }

    /// Where the tables of all entries lie in a journal file, one after the other (systemd, JOURNAL_FILE_FORMAT).
    private static func tables(_ path: String) throws -> [UInt64] {
        let stream = try #require(fopen(path, "r"))
        defer { fclose(stream) }
        var found: [UInt64] = []
        var place = 176
        while true {
            var offset: UInt64 = 0
            fseek(stream, place, SEEK_SET)
            try #require(fread(&offset, 8, 1, stream) == 1)
            guard offset > 0 else { return found }
            found.append(offset)
            place = Int(offset) + 16
        }
    }

    private static func zero(_ path: String, at offset: Int, count: Int) throws {
        let stream = try #require(fopen(path, "r+"))
        defer { fclose(stream) }
        fseek(stream, offset, SEEK_SET)
        fwrite([UInt8](repeating: 0, count: count), 1, count, stream)
    }

    /// While the reader does not see it, the active file gets twice 400 errors, of which the second lot is damaged:
    /// from a quarter on so many bytes are zeros; nil for all.
    private static func damage(_ bench: JournalBench, bytes: Int?) throws {
        try bench.unseen { away in
            let file = away + "/system.journal"
            try bench.write(errors, to: file)
            let begin = try tail(file)
            try bench.write(errors, to: file)
            let end = try tail(file)
            let size = try #require(JournalHeader(file)).size
            let start = Int(begin + (end - begin) / 4)
            try zero(file, at: start, count: bytes ?? Int(size) - start)
        }
    }

    /// Where the last object of a journal file lies.
    private static func tail(_ path: String) throws -> UInt64 {
        let stream = try #require(fopen(path, "r"))
        defer { fclose(stream) }
        fseek(stream, 136, SEEK_SET)
        var offset: UInt64 = 0
        try #require(fread(&offset, 8, 1, stream) == 1)
        return offset
    }
}
