// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("journal, watched")
struct JournalWatchTests {
    private func watch(_ pattern: JournalWatch.Pattern? = nil) -> JournalWatch {
        JournalWatch(
            JournalWatch.Plan(
                units: ["agent.service"], window: .seconds(300), priority: .err, pattern: pattern,
                lookBack: .seconds(300)))
    }

    private func settle(_ watch: JournalWatch, _ bench: JournalBench) throws {
        let isReady = Atomic(false)
        watch.whenReady { isReady.store(true, ordering: .releasing) }
        try Workbench.wait(for: "the watch") { isReady.load(ordering: .acquiring) }
        try Workbench.wait(for: "its past") { watch.findings(at: bench.time.now).since != nil }
    }

    @Test("a watch knows what happened within its window before the start, and what happens after it")
    func remembers() throws {
        let bench = try JournalBench()
        try bench.write([
            .init(priority: 3, message: "too old", age: .seconds(500)),
            .init(priority: 3, age: .seconds(100)), .init(priority: 2, message: "boom", age: .seconds(50)),
            .init(priority: 4, age: .seconds(20)),
        ])
        let watch = watch(.own(.text(Array("boom".utf8))))
        bench.reader.add(watch)
        try bench.start()
        try settle(watch, bench)

        let first = watch.findings(at: bench.time.now)
        #expect(first.errors == 2 && first.matches == 1)
        let last = try #require(first.last)
        #expect((Duration.seconds(19)...Duration.seconds(80)).contains(bench.time.now - last))
        #expect(bench.count("agent.service", "err") == 0, "history moves no counter")

        try bench.write([.init(priority: 0, message: "boom again")])
        try Workbench.wait(for: "the new one") { watch.findings(at: bench.time.now).errors == 3 }
        #expect(watch.findings(at: bench.time.now).matches == 2)
    }

    @Test("the past is known through more archived files than are ever open at once, by late watches too")
    func longPast() throws {
        let bench = try JournalBench(keepErrors: 100)
        for number in 1...30 {
            try bench.write([.init(priority: 3, message: "\(number)", age: .seconds(100 - number))])
            try bench.rotate(number)
        }
        try bench.write([.init(priority: 3, message: "31")])
        let first = watch()
        bench.reader.add(first)
        try bench.start()
        try settle(first, bench)
        #expect(first.findings(at: bench.time.now).errors == 31)
        #expect(bench.lines().map(\.message) == (1...31).map { "\($0)" })

        let late = watch()
        bench.reader.add(late)
        try settle(late, bench)

        #expect(late.findings(at: bench.time.now).errors == 31)
        #expect(bench.lines().count == 31)
        #expect(bench.count("agent.service", "err") == 0)
        #expect(bench.dropped("history") == 0)
        #expect(JournalReaderTests.journals(in: bench.directory) == ["system.journal"])
    }

    @Test("a watch that comes with a reload gets the same past, each entry once; one that goes gets no more")
    func reload() throws {
        let bench = try JournalBench()
        try bench.write([.init(priority: 3, age: .seconds(100))])
        try bench.start()
        try bench.write([.init(priority: 3), .init(priority: 3)])
        try Workbench.wait(for: "them") { bench.count("agent.service", "err") == 2 }

        let late = watch()
        bench.reader.add(late)
        try settle(late, bench)
        #expect(late.findings(at: bench.time.now).errors == 3)
        try bench.write([.init(priority: 3)])
        try Workbench.wait(for: "one more") { late.findings(at: bench.time.now).errors == 4 }
        #expect(bench.count("agent.service", "err") == 3)

        bench.reader.remove(late)
        try bench.write([.init(priority: 3)])
        try Workbench.wait(for: "the last") { bench.count("agent.service", "err") == 4 }
        #expect(late.findings(at: bench.time.now).errors == 4)
    }

    @Test("with another directory the errors of the first are forgotten, and those of the second shown once")
    func elsewhere() throws {
        let bench = try JournalBench()
        try bench.write([.init(priority: 3, message: "here", age: .seconds(9))])
        try bench.start()
        #expect(bench.lines().map(\.message) == ["here"])

        try Spawned.run(["cp", "-r", bench.directory + "/journal", bench.directory + "/other"])
        bench.reader.replaceOptions(
            JournalOptions(units: ["agent.service"], place: .directory(bench.directory + "/other")))
        try bench.write([.init(priority: 3, message: "there")], to: "../other/system.journal")

        try Workbench.wait(for: "the new one") { bench.lines().last?.message == "there" }
        #expect(bench.lines().map(\.message) == ["here", "there"])
    }

    @Test(
        "another directory, and back, moves no counter for what lies there; a watch knows the one that is read"
    )
    func thereAndBack() throws {
        let bench = try JournalBench()
        try bench.write([.init()])
        let watch = watch()
        bench.reader.add(watch)
        try bench.start()
        try bench.write((0..<100).map { _ in .init(priority: 3) })
        try Workbench.wait(for: "them") { bench.count("agent.service", "err") == 100 }

        for round in 1...2 {
            let other = bench.directory + "/other\(round)"
            try Spawned.run(["cp", "-r", bench.directory + "/journal", other])
            bench.reader.replaceOptions(JournalOptions(units: ["agent.service"], place: .directory(other)))
            try bench.write([.init(priority: 0)], to: "../other\(round)/system.journal")
            try Workbench.wait(for: "the other") { bench.lines().contains { $0.priority == "emerg" } }
            bench.reader.replaceOptions(JournalOptions(units: ["agent.service"], place: bench.place))
            try bench.write([.init(priority: 1)])
            try Workbench.wait(for: "the first again") {
                bench.lines().filter { $0.priority == "alert" }.count == round
            }
            try Workbench.wait(for: "its end") { watch.findings(at: bench.time.now).since != nil }

            #expect(bench.count("agent.service", "err") == 100)
            #expect(watch.findings(at: bench.time.now).errors == 100 + round)
        }

        try bench.write([.init(priority: 3)])
        try Workbench.wait(for: "one more") { bench.count("agent.service", "err") == 101 }
    }

    @Test("while a slow pattern keeps the reader busy, a reload takes effect within the entry")
    func orders() throws {
        let bench = try JournalBench(patterns: [
            JournalPattern(name: "slow", search: .expression(try BytePattern("a.*b")), units: ["*"])
        ])
        try bench.write([.init()])
        try bench.start()
        let long = String(repeating: "a", count: 4096)
        try bench.write((0..<1000).map { _ in .init(priority: 3, message: long) })
        try Workbench.wait(for: "the first of them") { bench.count("agent.service", "err") ?? 0 > 0 }

        bench.reader.replaceOptions(
            JournalOptions(units: ["agent.service", "web.service"], place: bench.place))

        try Workbench.wait(for: "the other unit") { bench.count("web.service", "err") != nil }
        #expect(bench.count("agent.service", "err") ?? 1000 < 900)
        try Workbench.wait(for: "the rest") { bench.count("agent.service", "err") == 1000 }
    }

    @Test("the reader tells which pattern is slow while it reads on")
    func slowPattern() throws {
        let bench = try JournalBench(patterns: [
            JournalPattern(name: "costly", search: .expression(try BytePattern("w.*l")), units: ["*"])
        ])
        try bench.write([.init()])
        try bench.start()
        try bench.write([.init(priority: 3)])
        try Workbench.wait(for: "the first") { bench.count("agent.service", "err") == 1 }

        bench.time.pass(.milliseconds(50))
        try bench.write((0..<300).map { _ in .init(priority: 3) })

        try Workbench.wait(for: "the remark") { !bench.reader.slowPatterns.isEmpty }
        #expect(bench.reader.slowPatterns.first?.contains("\"costly\"") == true)
        try Workbench.wait(for: "the rest") { bench.count("agent.service", "err") == 301 }
    }

    @Test("a pattern that takes a tenth of the time for five seconds is told of once, one in bursts is not")
    func cost() {
        func seconds(_ value: Double) -> Instant { Instant(nanoseconds: Int64(value * 1e9)) }
        let slow = JournalCost("the pattern \"x\"")
        let bursts = JournalCost("other")

        let told = (0..<100).map { step in
            slow.add(from: seconds(Double(step) / 10), to: seconds(Double(step) / 10 + 0.02))
        }
        let calm = (0..<100).map { step in
            bursts.add(from: seconds(Double(step * 3)), to: seconds(Double(step * 3) + 0.9))
        }

        #expect(told.filter { $0 }.count == 1 && told.firstIndex(of: true) ?? 0 >= 50)
        #expect(
            slow.isSlow && slow.sentence.hasPrefix("the pattern \"x\" takes more than 100ms of each second"))
        #expect(!calm.contains(true) && !bursts.isSlow)
    }

    @Test("a watch alone has the journal read, and its end ends the reading")
    func alone() throws {
        let bench = try JournalBench()
        bench.reader.replaceOptions(nil)
        bench.reader.start()
        #expect(!bench.reader.logs(unit: "*", limit: 1).enabled)

        // The system's own journal: this machine may have one or not, and both are answers.
        let watch = watch()
        bench.reader.add(watch)
        let isReady = Atomic(false)
        watch.whenReady { isReady.store(true, ordering: .releasing) }
        try Workbench.wait(for: "the watch") { isReady.load(ordering: .acquiring) }
        #expect(bench.reader.logs(unit: "*", limit: 1).enabled)

        bench.reader.remove(watch)
        #expect(!bench.reader.logs(unit: "*", limit: 1).enabled)
    }

    @Test("an entry counts for the whole window and at most a sixtieth longer")
    func window() {
        var count = WindowCount(.seconds(60))
        func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

        count.add(at: at(100.5))
        count.add(at: at(130))
        count.add(at: at(129))
        #expect(count.count(at: at(130)) == 3)
        #expect(count.count(at: at(160.5)) == 3)
        #expect(count.count(at: at(161.5)) == 2)
        count.add(at: at(90))
        #expect(count.count(at: at(161.5)) == 2, "older than the window")
        #expect(count.count(at: at(191)) == 0)
        count.add(at: at(100_000))
        #expect(count.count(at: at(100_000)) == 1)
    }

    @Test("entries that come late count at their own time, also before the clock's zero")
    func late() {
        var count = WindowCount(.seconds(60))

        count.add(at: Instant(nanoseconds: 0))
        count.add(at: Instant(nanoseconds: -30_000_000_000))

        #expect(count.count(at: Instant(nanoseconds: 0)) == 2)
        #expect(count.count(at: Instant(nanoseconds: 40_000_000_000)) == 1)
    }

    @Test("cursors tell copies from others, and how many entries lie between")
    func cursors() throws {
        let source = "s=aa;i="
        let rest = ";b=01;m=5;t=6;x=7"
        let first = try #require(JournalCursor(source + "10" + rest))
        let copy = try #require(JournalCursor("s=bb;i=1" + rest))
        let next = try #require(JournalCursor(source + "11;b=01;m=6;t=7;x=8"))
        let far = try #require(JournalCursor(source + "1f;b=01;m=6;t=7;x=8"))

        #expect(first.isSameEntry(as: copy) && !first.isSameEntry(as: next))
        #expect(next.entries(since: first) == 0)
        #expect(far.entries(since: first) == 14)
        #expect(copy.entries(since: first) == nil && first.entries(since: far) == nil)
        #expect(JournalCursor("rubbish") == nil && JournalCursor("s=aa;i=zz") == nil)
    }

    @Test("kept messages have a bound over all units: the oldest goes, whosever it is")
    func budget() {
        let ledger = JournalLedger()
        ledger.limit(100)
        let text = String(repeating: "x", count: JournalLedger.longestMessage)
        func line(_ number: Int) -> LogsQuery.Line {
            LogsQuery.Line(
                time: WallTime(nanoseconds: Int64(number) * 1_000_000_000).rfc3339, priority: "err",
                unit: "u",
                identifier: "", pid: nil, message: text, messageID: nil)
        }

        for number in 0..<1000 { ledger.keep(line(number), of: "unit-\(number % 50).service") }

        let kept = ledger.lines.values.flatMap { $0 }
        #expect(kept.count == JournalLedger.mostBytes / (JournalLedger.longestMessage + 256))
        #expect(kept.map(\.time).min() == line(1000 - kept.count).time)
        ledger.limit(1)
        #expect(ledger.lines.values.allSatisfy { $0.count == 1 })
    }
}
