// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("journal checks")
struct JournalKindTests {
    private static let now = Instant(nanoseconds: 1_000_000_000_000)

    private func judge(
        _ keys: String, errors: Int = 0, matches: Int = 0, last: Duration? = .seconds(5),
        since: Duration? = .seconds(900), problem: JournalProblem? = nil, lag: Duration? = .zero
    ) throws -> ProbeResult {
        let (kind, faults) = try reading(JournalKind.self, #"{"unit":"agent",\#(keys)}"#)
        #expect(faults == [])
        let findings = JournalWatch.Findings(
            errors: errors, matches: matches, last: last.map { Self.now - $0 },
            since: since.map { Self.now - $0 })
        return kind.judge(findings, problem: problem, lag: lag, now: Self.now)
    }

    @Test("errors within the window warn and fail at their thresholds")
    func errors() throws {
        let keys = #""warnErrors":2,"failErrors":5,"window":"1m""#
        #expect(try judge(keys, errors: 1).outcome == .pass)
        #expect(
            try judge(keys, errors: 1).message == "agent.service: 1 error within 1m, the last entry 5s ago")
        let warning = try judge(keys, errors: 2)
        #expect(warning.outcome == .warn && warning.reason == "journal.errors")
        let failure = try judge(keys, errors: 5)
        #expect(failure.outcome == .fail)
        #expect(failure.message == "agent.service: 5 errors within 1m, at least 5: see `vitalctl logs`")
        #expect(failure.fact("errors") == .integer(5))
        #expect(failure.fact("seconds_since_last") == .number(5))
        #expect(failure.fact("matches") == nil)
        let notices = try judge(#""warnErrors":1,"priority":"notice""#, errors: 2)
        #expect(notices.message.contains("2 entries of priority notice or above within 5m"))
    }

    @Test("where not all of the window is known, it says how much of it is")
    func span() throws {
        let keys = #""failErrors":5,"window":"1h""#

        #expect(
            try judge(keys).message
                == "agent.service: 0 errors within 15m, as far back as the journal could be read, the last entry 5s ago"
        )
        #expect(
            try judge(keys, since: .seconds(3600)).message
                == "agent.service: 0 errors within 1h, the last entry 5s ago")
    }

    @Test("a pattern within the window fails, or warns where it shall")
    func pattern() throws {
        let failure = try judge(#""match":"boom""#, matches: 1)
        #expect(failure.outcome == .fail && failure.reason == "journal.pattern")
        #expect(failure.fact("matches") == .integer(1))
        let warning = try judge(#""pattern":"oom","outcome":"warn""#, matches: 2)
        #expect(warning.outcome == .warn)
        #expect(
            warning.message.hasPrefix("agent.service: the pattern \"oom\" was found in 2 entries within 5m"))
        #expect(try judge(#""regex":"b[o]+m""#).outcome == .pass)
        // A failure beside a warning decides.
        #expect(
            try judge(#""warnErrors":1,"match":"boom""#, errors: 1, matches: 1).reason == "journal.pattern")
    }

    @Test("silence is judged from the last entry, or from where the reading began")
    func silence() throws {
        let keys = #""warnSilence":"1m","failSilence":"10m""#
        #expect(try judge(keys, last: .seconds(60)).outcome == .pass)
        let warning = try judge(keys, last: .seconds(61))
        #expect(warning.outcome == .warn && warning.reason == "journal.silent")
        #expect(try judge(keys, last: .seconds(601)).outcome == .fail)
        let never = try judge(keys, last: nil, since: .seconds(700))
        #expect(never.outcome == .fail)
        #expect(never.message.contains("nothing in the journal for at least 700s, which is longer than 10m"))
        #expect(try judge(keys, last: nil, since: .seconds(30)).outcome == .pass)
    }

    @Test("who cannot read, or is behind, does not know; what was found speaks all the same")
    func unknown() throws {
        let problem = JournalProblem.denied("/j", user: 9)
        let denied = try judge(#""failErrors":1"#, problem: problem)
        #expect(
            denied.outcome == .unknown && denied.reason == "journal.denied"
                && denied.message == problem.sentence)
        #expect(try judge(#""failErrors":1"#, errors: 1, problem: problem).outcome == .fail)
        #expect(try judge(#""warnErrors":1"#, errors: 1, problem: problem).outcome == .warn)
        let behind = try judge(#""failSilence":"1m""#, last: .seconds(70), lag: .seconds(31))
        #expect(behind.outcome == .unknown && behind.reason == "journal.behind")
        #expect(behind.fact("lag_seconds") == .number(31))
        #expect(try judge(#""failSilence":"1m""#, last: .seconds(70), lag: .seconds(30)).outcome == .fail)
        #expect(try judge(#""failErrors":1"#, since: nil).reason == "journal.behind")
    }

    @Test("a check without a reader is unknown, and one with it hears when the journal was read")
    func probes() async throws {
        let bench = try ProbeBench()
        let (kind, _) = try reading(JournalKind.self, #"{"unit":"agent","failErrors":1}"#)
        let alone = await bench.run(
            kind.makeProbe(CheckDefinition(name: "log", type: "journal"), bench.context))
        #expect(alone.outcome == .unknown && alone.reason == "journal.unavailable")

        let journal = try JournalBench()
        try journal.write([.init(priority: 3, age: .seconds(30))])
        let context = ProbeContext(
            time: bench.time, lanes: bench.lanes, eventLoop: bench.context.eventLoop, kernel: bench.kernel,
            procRoot: bench.directory, helperProgram: "/nonexistent", journal: journal.reader)
        let probe = kind.makeProbe(CheckDefinition(name: "log", type: "journal"), context)
        let late = await bench.run(probe, within: .milliseconds(20))
        #expect(late.reason == "journal.behind", "nothing reads the journal yet")
        journal.reader.start()
        let result = await bench.run(probe)
        #expect(result.outcome == .fail && result.reason == "journal.errors")
        probe.close()
    }

    @Test("what was counted stays known when a reload brings other thresholds, and not over another window")
    func reload() async throws {
        let bench = try ProbeBench()
        let journal = try JournalBench()
        try journal.write([.init(priority: 3, age: .seconds(30))])
        let context = ProbeContext(
            time: bench.time, lanes: bench.lanes, eventLoop: bench.context.eventLoop, kernel: bench.kernel,
            procRoot: bench.directory, helperProgram: "/nonexistent", journal: journal.reader)
        let definition = CheckDefinition(name: "log", type: "journal")
        func kind(_ keys: String) throws -> JournalKind {
            try reading(JournalKind.self, #"{"unit":"agent",\#(keys)}"#).0
        }
        let old = try #require(
            try kind(#""failErrors":1"#).makeProbe(definition, context) as? JournalProbe)
        journal.reader.start()
        #expect(await bench.run(old).outcome == .fail)

        let wider = try kind(#""failErrors":1,"window":"1h""#)
        #expect(old.handOver(to: wider) == nil)
        #expect(
            old.handOver(to: try kind(#""failErrors":1,"failSilence":"1h""#)) == nil, "it looks further back")
        let new = try kind(#""failErrors":2"#).makeProbe(definition, context, following: old)
        old.close()

        let result = await bench.run(new)
        #expect(result.outcome == .pass && result.fact("errors") == .integer(1))
        try journal.write([.init(priority: 3)])
        try Workbench.wait(for: "the second error") { journal.count("agent.service", "err") ?? 0 > 0 }
        #expect(await bench.run(new).outcome == .fail, "its watch goes on")
        new.close()
    }

    @Test(
        "faulty keys are refused with place, fact and remedy",
        arguments: [
            (#"{"failErrors":1}"#, "`unit` is missing"),
            (#"{"unit":"a"}"#, "looks for nothing"),
            (#"{"unit":"a/b","failErrors":1}"#, "holds a slash"),
            (#"{"units":[],"failErrors":1}"#, "names no unit"),
            (#"{"unit":"a","units":["b"],"failErrors":1}"#, "is set together with `unit`"),
            (#"{"unit":"a","warnErrors":5,"failErrors":1}"#, "above `failErrors`"),
            (#"{"unit":"a","warnSilence":"5m","failSilence":"1m"}"#, "above `failSilence`"),
            (#"{"unit":"a","match":"x","regex":"y"}"#, "is set together with `match`"),
            (#"{"unit":"a","pattern":"x","regex":"y"}"#, "is set together with `regex`"),
            (#"{"unit":"a","regex":"(a)\\1"}"#, "refers back"),
            (#"{"unit":"a","regex":"(a"}"#, "is not a regular expression"),
            (#"{"unit":"a","match":""}"#, "is empty"),
            (#"{"unit":"a","failErrors":0}"#, "outside 1 to 1000000"),
            (#"{"unit":"a","failErrors":1,"outcome":"pass"}"#, "is not known"),
            (#"{"unit":"a","failErrors":1,"window":"30d"}"#, "too long"),
        ])
    func faults(_ json: String, _ words: String) throws {
        let faults = try reading(JournalKind.self, json).1

        #expect(faults.count == 1 && faults[0].contains(words), "\(faults)")
    }
}
