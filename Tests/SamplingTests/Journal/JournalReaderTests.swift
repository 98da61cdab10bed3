// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("journal, followed")
struct JournalReaderTests {
    @Test("entries are counted by unit and priority as they come; before the first there is a zero")
    func counts() throws {
        let bench = try JournalBench(units: ["agent.service", "web*"])
        try bench.write([.init(priority: 3, message: "before the start", age: .seconds(60))])
        try bench.start()
        #expect(bench.count("agent.service", "err") == 0)
        #expect(bench.count("agent.service", "debug") == 0)

        try bench.write([
            .init(priority: 3), .init(priority: 3), .init(priority: 6),
            .init(unit: "web-1.service", priority: 4),
            .init(unit: "other.service", priority: 3), .init(priority: nil),
        ])

        try Workbench.wait(for: "the entries") { bench.count("agent.service", "info") == 2 }
        #expect(bench.count("agent.service", "err") == 2)
        #expect(bench.count("web-1.service", "warning") == 1)
        #expect(bench.count("other.service", "err") == nil)
        #expect(bench.dropped("damaged") == 0)
    }

    @Test(
        "an entry belongs to the unit that wrote it, and to the one it is about where its writer is trusted")
    func attribution() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()

        try bench.write([
            .init(unit: "init.scope", priority: 5, fields: ["_PID": "1", "UNIT": "agent.service"]),
            .init(unit: "liar.service", priority: 5, fields: ["_PID": "7", "UNIT": "agent.service"]),
            .init(
                unit: "a.service", priority: 4, fields: ["_UID": "0", "OBJECT_SYSTEMD_UNIT": "agent.service"]),
            .init(
                unit: "b.service", priority: 4, fields: ["_UID": "9", "OBJECT_SYSTEMD_UNIT": "agent.service"]),
            .init(
                unit: "c.service", priority: 2,
                fields: [
                    "_UID": "0", "COREDUMP_UNIT": "agent.service",
                    "MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1",
                ]),
            .init(unit: "d.service", priority: 2, fields: ["_UID": "0", "COREDUMP_UNIT": "agent.service"]),
            .init(priority: 7),
        ])

        try Workbench.wait(for: "the last entry") { bench.count("agent.service", "debug") == 1 }
        #expect(bench.count("agent.service", "notice") == 1)
        #expect(bench.count("agent.service", "warning") == 1)
        #expect(bench.count("agent.service", "crit") == 1)
    }

    @Test("where the clock is set back entries are counted on, also while its hands stand before the start")
    func clockSetBack() throws {
        let bench = try JournalBench()
        let boot = try #require(JournalLibrary().boot()?.text)
        try bench.write([.init(boot: boot)])
        try bench.start()

        try bench.write([
            .init(priority: 3, age: .seconds(3600), boot: boot),
            .init(priority: 3, age: .seconds(3600)), .init(priority: 7),
        ])

        try Workbench.wait(for: "the last entry") { bench.count("agent.service", "debug") == 1 }
        // That of another boot has nothing but its time of day.
        #expect(bench.count("agent.service", "err") == 1)
    }

    @Test("named patterns are counted in the units that they are for")
    func patterns() throws {
        let expression = try BytePattern("took [0-9]{4,} ms")
        let bench = try JournalBench(
            units: ["agent.service", "web.service"],
            patterns: [
                JournalPattern(name: "oom", search: .text(Array("Out of memory".utf8)), units: ["*"]),
                JournalPattern(name: "slow", search: .expression(expression), units: ["web.service"]),
            ])
        try bench.write([.init(message: "Out of memory: long ago", age: .seconds(60))])
        try bench.start()
        func matches(_ pattern: String, _ unit: String) -> Int64? {
            bench.tallies.values(of: JournalFamilies.matches).first {
                $0.labels.map(\.value) == [pattern, unit]
            }?.value
        }
        #expect(matches("oom", "agent.service") == 0)
        #expect(matches("slow", "web.service") == 0)

        try bench.write([
            .init(message: "x: Out of memory!"), .init(message: "took 12345 ms"),
            .init(unit: "web.service", message: "took 1234 ms"),
            .init(unit: "web.service", message: "took 1 ms"),
            .init(priority: 7),
        ])

        try Workbench.wait(for: "the last entry") { bench.count("agent.service", "debug") == 1 }
        #expect(matches("oom", "agent.service") == 1)
        #expect(matches("slow", "agent.service") == nil)
        #expect(matches("slow", "web.service") == 1)
    }

    @Test("the last errors of each unit are kept, also those from before the start, and no other entry")
    func lastErrors() throws {
        let bench = try JournalBench(units: ["*"], keepErrors: 2)
        try bench.write([
            .init(priority: 3, message: "first", age: .seconds(90)),
            .init(priority: 2, message: "second", age: .seconds(80), fields: ["SYSLOG_IDENTIFIER": "agentd"]),
            .init(unit: "web.service", priority: 4, message: "only a warning", age: .seconds(70)),
        ])
        try bench.start()
        #expect(bench.lines().map(\.message) == ["first", "second"])
        #expect(bench.lines()[1].identifier == "agentd")
        #expect(bench.lines()[1].priority == "crit")

        let long = String(repeating: "x", count: 3000)
        try bench.write([
            .init(priority: 0, message: long, fields: ["_PID": "77", "_COMM": "agent"]),
            .init(unit: "web.service", priority: 3, message: "web"),
        ])

        try Workbench.wait(for: "the last entry") { bench.lines("web").count == 1 }
        let lines = bench.lines("agent")
        #expect(lines.map(\.priority) == ["crit", "emerg"])
        #expect(lines[1].message == String(repeating: "x", count: JournalLedger.longestMessage))
        #expect(lines[1].pid == 77 && lines[1].identifier == "agent")
        #expect(bench.reader.logs(unit: "agent.service", limit: 1).units.first?.lines.count == 1)
        #expect(bench.lines("nobody") == [])
        #expect(bench.reader.logs(unit: "*", limit: 9).missing == [])
    }

    @Test("what lies before the start is read also where the file that is written to opens later only")
    func historyAfterTrouble() throws {
        let bench = try JournalBench()
        try bench.write([.init(priority: 3, message: "before the start", age: .seconds(60))])
        try bench.rotate(1)
        try TextFile.write(
            String(repeating: "rubbish ", count: 4096), bench.directory + "/journal/system.journal")
        bench.reader.start()
        try Workbench.wait(for: "the trouble") { bench.reader.problem != nil }

        try bench.write([.init()], to: bench.directory + "/new.journal")
        rename(bench.directory + "/new.journal", bench.directory + "/journal/system.journal")

        try Workbench.wait(for: "the end of the trouble") {
            bench.reader.problem == nil && bench.reader.lag == .zero
        }
        #expect(bench.lines().map(\.message) == ["before the start"])
    }

    @Test("fifty rotations with vacuums lose nothing, count nothing twice, and leak no descriptor")
    func rotations() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()
        var marks: [Int] = []

        for number in 1...50 {
            try bench.write([.init(priority: 3), .init(priority: 3)])
            try bench.rotate(number)
            if number > 2 { unlink("\(bench.directory)/journal/system@\(number - 2).journal") }
            try bench.write([.init(priority: 4)])
            try Workbench.wait(for: "rotation \(number)") {
                bench.count("agent.service", "warning") == Int64(number)
            }
            try Workbench.wait(for: "the end of round \(number)") { bench.reader.lag == .zero }
            marks.append(Self.journals(in: bench.directory).count)
        }

        #expect(bench.count("agent.service", "err") == 100)
        #expect(bench.dropped("vacuumed") == 0)
        // The one that is written to; an archived one is let go of when it was read to its end.
        try Workbench.wait(for: "archived files to be closed") {
            Self.journals(in: bench.directory) == ["system.journal"]
        }
        #expect((marks.max() ?? 99) <= 2 + JournalListing.mostArchived)
    }

    @Test("twenty thousand entries are read once each, in pieces, while the pages of old ones are given back")
    func pieces() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()

        try bench.write((0..<20_000).map { _ in .init(priority: 5) })

        try Workbench.wait(for: "all of them") { bench.count("agent.service", "notice") ?? 0 >= 20_000 }
        try bench.write([.init(priority: 7)])
        try Workbench.wait(for: "the last") { bench.count("agent.service", "debug") == 1 }
        #expect(bench.count("agent.service", "notice") == 20_000)
    }

    @Test("of many names two hundred have counters of their own, the rest share one")
    func cardinality() throws {
        let bench = try JournalBench(units: ["*"])
        try bench.write([.init()])
        try bench.start()

        try bench.write((1...250).map { .init(unit: "run-\($0).service", priority: 3) })

        try Workbench.wait(for: "the rest") { bench.count("__other__", "err") == 51 }
        let units = Set(bench.tallies.values(of: JournalFamilies.messages).map { $0.labels[0].value })
        #expect(units.count == 201)

        #expect(bench.lines("run-250").count == 1, "errors are kept under the unit's own name")
        #expect(bench.lines("__other__") == [])
        bench.reader.replaceOptions(
            JournalOptions(units: ["run-1*", "late.service"], place: bench.place))
        try Workbench.wait(for: "the one that is named") { bench.count("late.service", "err") == 0 }
        #expect(bench.count("run-250.service", "err") == nil && bench.count("run-30.service", "err") == nil)
        #expect(bench.count("run-100.service", "err") == 1, "who is followed still keeps its counters")
        #expect(bench.lines("run-250") == [] && bench.lines("run-100").count == 1)
        try bench.write([.init(unit: "run-1000.service", priority: 3)])
        try Workbench.wait(for: "a label that became free") { bench.count("run-1000.service", "err") == 1 }
    }

    @Test("units that the configuration names have counters of their own, however many others came before")
    func named() throws {
        let bench = try JournalBench(units: ["*"])
        try bench.write([.init()])
        try bench.start()
        try bench.write((1...210).map { .init(unit: "run-\($0).service", priority: 3) })
        try Workbench.wait(for: "the rest") { bench.count("__other__", "err") == 11 }

        bench.reader.replaceOptions(JournalOptions(units: ["*", "agent.service"], place: bench.place))
        try Workbench.wait(for: "the label") { bench.count("agent.service", "err") == 0 }
        try bench.write([.init(priority: 3)])

        try Workbench.wait(for: "the entry") { bench.count("agent.service", "err") == 1 }
    }

    @Test(
        "a journal that is not there is told of, grows the lag, and is read when it comes back, with what came meanwhile"
    )
    func comesBack() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.start()
        let place = bench.directory + "/journal"
        try bench.write([.init(priority: 3)])
        try Workbench.wait(for: "the first") { bench.count("agent.service", "err") == 1 }

        rename(place, place + ".away")
        try Workbench.wait(for: "the trouble") { bench.reader.problem != nil }
        #expect(bench.reader.problem?.reason == "journal.unavailable")
        #expect(
            bench.reader.problem?.sentence
                == "there is no journal at \(place): run vitald where systemd-journald does, mount its directory, "
                + "or take `journal` out of the configuration")
        try Workbench.wait(for: "the lag") { bench.reader.lag ?? .zero > .milliseconds(10) }
        var sheet = Sheet()
        bench.reader.fill(&sheet)
        #expect(sheet.samples.map(\.value.number).last == 0)
        rename(place + ".away", place)
        try bench.write([.init(priority: 3)])

        try Workbench.wait(for: "the journal to be read again") { bench.count("agent.service", "err") == 2 }
        try Workbench.wait(for: "the end of the trouble") {
            bench.reader.problem == nil && bench.reader.lag == .zero
        }
    }

    @Test("without libsystemd it says so, with the package that has it")
    func withoutLibrary() throws {
        let bench = try JournalBench(library: "libnone.so.9")
        bench.reader.start()

        try Workbench.wait(for: "the trouble") { bench.reader.problem != nil }

        let sentence = try #require(bench.reader.problem?.sentence)
        #expect(sentence.hasPrefix("the journal needs libsystemd, which cannot be loaded (libnone.so.9: "))
        #expect(sentence.hasSuffix("install the package libsystemd0"))
        try Workbench.wait(for: "the lag, from the first try on") {
            bench.reader.lag ?? .zero > .milliseconds(20)
        }
    }

    @Test("a library that is no libsystemd is told of")
    func otherLibrary() {
        #expect(
            throws: JournalProblem.unavailable(
                "the journal needs libsystemd, which cannot be loaded (libz.so.1 has no sd_journal_open_files): "
                    + "install the package libsystemd0")
        ) { try JournalLibrary("libz.so.1") }
    }

    @Test(
        "however many files were rotated away meanwhile, all are read, the oldest first, a few at a time, each once"
    )
    func manyArchived() throws {
        let bench = try JournalBench(keepErrors: 100)
        try bench.write([.init()])
        try bench.start()
        let place = bench.directory + "/journal"
        try bench.unseen { away in
            for number in 1...30 {
                try bench.write(
                    [.init(priority: 3, message: "\(number)"), .init(priority: 4)],
                    to: away + "/system.journal")
                JournalBench.archive(number, in: away)
            }
            try TextFile.write(String(repeating: "rubbish ", count: 4096), away + "/system@31.journal")
            try bench.write([.init(priority: 7)], to: away + "/system.journal")
        }

        try Workbench.wait(for: "the last") { bench.count("agent.service", "debug") == 1 }
        #expect(bench.count("agent.service", "err") == 30 && bench.count("agent.service", "warning") == 30)
        #expect(bench.lines().map(\.message) == (1...30).map { "\($0)" })
        #expect(bench.dropped("vacuumed") == 0 && bench.dropped("damaged") == 1)
        try Workbench.wait(for: "the end") { bench.reader.problem == nil && bench.reader.lag == .zero }
        let missing = bench.reader.logs(unit: "*", limit: 1).missing
        #expect(missing == ["\(place)/system@31.journal cannot be read: Bad message"])
        #expect(Self.journals(in: bench.directory) == ["system.journal"])
    }

    @Test("of two files one may not be read: the other is, and it is told", .enabled(if: geteuid() == 0))
    func halfDenied() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        try bench.write([.init()], to: "user-1000.journal")
        chmod(bench.directory, 0o755)
        chmod(bench.directory + "/journal/system.journal", 0o644)
        chmod(bench.directory + "/journal/user-1000.journal", 0o600)

        let listing = try AsNobody.run { [place = bench.place] in JournalListing(place, machine: nil) }

        #expect(
            listing.active.filter(\.isReadable).map(\.path) == ["\(bench.directory)/journal/system.journal"])
        #expect(listing.problem(user: 9) == nil)
        #expect(listing.gap(user: 9) == .denied("\(bench.directory)/journal/user-1000.journal", user: 9))
    }

    @Test("what may not be read is denied, with the group that helps")
    func denied() {
        let problem = JournalProblem.denied("/var/log/journal/1/system.journal", user: 998)

        #expect(problem.reason == "journal.denied")
        #expect(
            problem.sentence
                == "/var/log/journal/1/system.journal may not be read by uid 998: make vitald's user a member of the "
                + "group systemd-journal (SupplementaryGroups=systemd-journal in the unit)")
    }

    @Test("switched off it says how to switch it on, and is not on the page")
    func off() {
        let reader = JournalReader(nil, time: BenchTime(), tallies: TallyBook())
        reader.start()
        var sheet = Sheet()
        reader.fill(&sheet)

        let reply = reader.logs(unit: "*", limit: 10)

        #expect(!reply.enabled && reply.lag == nil && reply.units == [])
        #expect(
            reply.missing == [
                "the journal is not read: add \"journal\": {\"units\": […]} to the configuration"
            ])
        #expect(sheet.samples.isEmpty)
        reader.stop()
    }

    /// The journal files of a directory that this process has open.
    static func journals(in directory: String) -> [String] {
        let output = (try? Spawned.run(["sh", "-c", "readlink /proc/\(getpid())/fd/*"]).output) ?? ""
        return output.split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(directory) && $0.contains(".journal") }
            .map { String($0.dropFirst(directory.utf8.count + "/journal/".utf8.count)) }.sorted()
    }
}
