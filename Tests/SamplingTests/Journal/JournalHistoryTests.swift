// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite("journal, what lies before the start")
struct JournalHistoryTests {
    private static let plan = JournalWatch.Plan(
        units: ["agent.service"], window: .seconds(3600), priority: .err, lookBack: .seconds(3600))

    /// Makes a file an archived one, last written to so long ago.
    private static func archive(_ bench: JournalBench, _ number: Int, age: Duration) throws {
        try bench.rotate(number)
        let written = (bench.time.wall - age).nanoseconds
        var times = [
            timespec(tv_sec: Int(written / 1_000_000_000), tv_nsec: 0),
            timespec(tv_sec: Int(written / 1_000_000_000), tv_nsec: 0),
        ]
        let path = "\(bench.directory)/journal/system@\(number).journal"
        try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
    }

    @Test(
        "where an archived file cannot be read, what lies before its end is not known, and it is told",
        arguments: ["rubbish", "cut"])
    func damaged(_ manner: String) throws {
        let bench = try JournalBench()
        try bench.write([.init(priority: 3, age: .seconds(1500))])
        try Self.archive(bench, 1, age: .seconds(1500))
        try bench.write(
            (0..<300).map {
                .init(message: "\($0) " + String(repeating: "x", count: 200), age: .seconds(900))
            })
        let bad = "\(bench.directory)/journal/system@2.journal"
        try bench.rotate(2)
        if manner == "cut" {
            truncate(bad, 20_000)
        } else {
            try TextFile.write(String(repeating: "rubbish ", count: 4096), bad)
        }
        try bench.write([.init(priority: 3, age: .seconds(300))])
        try Self.archive(bench, 3, age: .seconds(300))
        try bench.write([.init()])
        let written = (bench.time.wall - .seconds(900)).nanoseconds / 1_000_000_000
        var times = [
            timespec(tv_sec: Int(written), tv_nsec: 0), timespec(tv_sec: Int(written), tv_nsec: 0),
        ]
        try #require(utimensat(AT_FDCWD, bad, &times, 0) == 0)
        let watch = JournalWatch(Self.plan)
        bench.reader.add(watch)
        try bench.start()

        try Workbench.wait(for: "its past") { watch.findings(at: bench.time.now).since != nil }
        let findings = watch.findings(at: bench.time.now)
        let age = bench.time.now - (try #require(findings.since))
        #expect(age > .seconds(890) && age < .seconds(960), "\(age)")
        #expect(findings.errors == 2, "what can be read counts")
        #expect(bench.dropped("history") == 1)
        let missing = bench.reader.logs(unit: "*", limit: 1).missing
        #expect(missing.count == 1 && missing[0].hasPrefix("\(bad) cannot be read"), "\(missing)")

        // One that comes later reads it again, and learns the same.
        let late = JournalWatch(Self.plan)
        bench.reader.add(late)
        try Workbench.wait(for: "the same past") { late.findings(at: bench.time.now).since != nil }
        let lateAge = bench.time.now - (try #require(late.findings(at: bench.time.now).since))
        #expect(lateAge > .seconds(890) && lateAge < .seconds(960), "\(lateAge)")
        #expect(late.findings(at: bench.time.now).errors == 2)
    }

    @Test("an archived file that may not be read is not taken for one that was", .enabled(if: geteuid() == 0))
    func denied() throws {
        let bench = try JournalBench()
        for number in 1...2 {
            try bench.write([.init()])
            try bench.rotate(number)
        }
        chmod(bench.directory, 0o755)
        chmod(bench.directory + "/journal/system@1.journal", 0o644)
        chmod(bench.directory + "/journal/system@2.journal", 0o600)
        let listing = try AsNobody.run { [place = bench.place] in JournalListing(place, machine: nil) }

        let archived = listing.archived(since: WallTime(nanoseconds: 0))
        let session = try JournalSession(archived, JournalLibrary())

        #expect(archived.count == 2)
        #expect(session.opened.map(\.path) == ["\(bench.directory)/journal/system@1.journal"])
        #expect(session.refused.map(\.code) == [EACCES])
    }

    @Test(
        "a shortage of descriptors or memory is no fault of the journal",
        arguments: [
            (EMFILE, "inconclusive.descriptors"), (ENFILE, "inconclusive.descriptors"),
            (ENOMEM, "inconclusive.resources"),
        ])
    func shortage(_ code: Int32, _ reason: String) throws {
        let problem = try #require(JournalProblem.shortage(code))

        #expect(problem.reason == Reason(reason))
        #expect(problem.sentence.hasPrefix("the journal cannot be read: "))
        #expect(problem.isShortage)
        #expect(JournalProblem.shortage(EBADMSG) == nil)
        #expect(!JournalProblem.damaged("/a", "b").isShortage)
    }
}
