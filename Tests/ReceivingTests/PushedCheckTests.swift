// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Receiving

/// The feed of pushed checks, with a hand-moved clock counted in seconds.
@Suite("pushed checks")
struct PushedCheckTests {
    static func at(_ seconds: Int) -> Instant { HeartbeatStoreTests.at(seconds) }

    static func check(
        _ name: String = "backup", ttl: Int = 60, interval: Int = 10, enabled: Bool = true
    ) -> ConfiguredCheck {
        var definition = CheckDefinition(name: name, type: PushedKind.type)
        definition.interval = .seconds(interval)
        definition.enabled = enabled
        return ConfiguredCheck(definition: definition, kind: PushedKind(ttl: .seconds(ttl)))
    }

    static func store(
        _ checks: [ConfiguredCheck] = [check()], wake: @escaping @Sendable () -> Void = {}
    ) -> FeedStore<PushedCheck> {
        FeedStore<PushedCheck>(checks: checks, at: at(0), wake: wake)
    }

    static func words(_ store: FeedStore<PushedCheck>, at seconds: Int) -> [String] {
        HeartbeatStoreTests.words(store.results(at: at(seconds)))
    }

    @Test("it is pending for its ttl, then missing, with what to do about it")
    func missing() throws {
        let store = Self.store()

        #expect(store.nextDeadline(after: Self.at(0)) == Self.at(60))
        #expect(store.results(at: Self.at(59)).isEmpty)
        let result = try #require(store.results(at: Self.at(60)).first?.result)

        #expect(result.outcome == .fail && result.reason == "pushed.missing" && result.definitive)
        #expect(
            result.message
                == "no result yet, expected for 60 s, ttl 60 s: is the sender running, and does it push for \"backup\"?"
        )
    }

    @Test("a result is taken at its word, with message, reason, latency and who sent it")
    func word() throws {
        let store = Self.store()
        try store.push("warn", "took 3 h", "backup.slow", latency: .milliseconds(1500), at: 3)

        let result = try #require(store.results(at: Self.at(4)).first?.result)

        #expect(result.outcome == .warn && result.reason == "backup.slow" && result.message == "took 3 h")
        #expect(result.duration == .milliseconds(1500) && !result.definitive)
        #expect(
            result.facts == [
                Fact("age_seconds", .number(1)), Fact("pushes", .integer(1)),
                Fact("ttl_seconds", .number(60)), Fact("unit", .text("backup.service")),
            ])
    }

    @Test(
        "without a message and a reason it has a sentence and a code, but for a pass, which needs no code",
        arguments: [
            ("pass", nil), ("warn", "pushed.warn"), ("fail", "pushed.fail"), ("unknown", "pushed.unknown"),
        ]
            as [(String, Reason?)])
    func bare(outcome: String, reason: Reason?) throws {
        let store = Self.store()
        try store.push(outcome, at: 0)

        let result = try #require(store.results(at: Self.at(0)).first?.result)

        #expect(result.outcome.word == outcome && result.reason == reason)
        #expect(result.message == "the sender reported \(outcome), ttl 60 s")
    }

    @Test("after the ttl it is expired at once, and the next result heals it")
    func expiry() throws {
        let store = Self.store([Self.check(interval: 3600)])
        try store.push("pass", at: 5)
        #expect(Self.words(store, at: 5) == ["backup pass"])

        #expect(store.nextDeadline(after: Self.at(5)) == Self.at(65))
        #expect(Self.words(store, at: 64).isEmpty)
        let expired = store.results(at: Self.at(80))
        try store.push("pass", at: 90)

        #expect(HeartbeatStoreTests.words(expired) == ["backup pushed.expired"])
        #expect(expired.first?.result.message == "last result 75 s ago, ttl 60 s")
        #expect(Self.words(store, at: 90) == ["backup pass"])
    }

    @Test("unknown is shown and is no evidence: it moves no deadline")
    func unknown() throws {
        let store = Self.store([Self.check(interval: 3600)])
        try store.push("pass", at: 0)
        #expect(Self.words(store, at: 0) == ["backup pass"])

        try store.push("unknown", "cannot reach the host", at: 50)
        let shown = store.results(at: Self.at(50))

        #expect(shown.first?.result.outcome == .unknown)
        #expect(store.nextDeadline(after: Self.at(50)) == Self.at(60))
        #expect(Self.words(store, at: 60) == ["backup pushed.expired"])
        try store.push("unknown", at: 70)
        #expect(store.nextDeadline(after: Self.at(70)) == Self.at(3660), "it is expired still")
    }

    @Test("the same result again is told once in an interval; another one at once, but not twice in a second")
    func gaps() throws {
        let wakes = Counter()
        let store = Self.store { wakes.add() }
        var told: [String] = []
        for t in 0..<30 {
            try store.push("pass", at: t)
            told += Self.words(store, at: t)
        }
        #expect(told == ["backup pass", "backup pass", "backup pass"] && wakes.value == 1)

        try store.push("fail", at: 30)
        #expect(wakes.value == 2)
        #expect(Self.words(store, at: 30) == ["backup pushed.fail"])
        for _ in 0..<100 {
            try store.push("pass", at: 30)
            try store.push("fail", "again", "again", at: 30)
        }

        #expect(Self.words(store, at: 30).isEmpty)
        #expect(store.nextDeadline(after: Self.at(30)) == Self.at(31))
        #expect(Self.words(store, at: 31) == ["backup again"])
    }

    @Test("a result that was received earlier than another moves nothing back")
    func order() throws {
        let store = Self.store()
        try store.push("pass", at: 20)
        try store.push("fail", at: 10)

        #expect(Self.words(store, at: 20) == ["backup pass"])
        #expect(store.nextDeadline(after: Self.at(20)) == Self.at(30))
    }

    @Test("a reload keeps the deadline and the last result; another ttl counts from the last result")
    func reload() throws {
        let store = Self.store()
        try store.push("warn", at: 10)
        #expect(Self.words(store, at: 10) == ["backup pushed.warn"])

        store.replace([Self.check()], at: Self.at(12))
        #expect(Self.words(store, at: 12).isEmpty)
        store.replace([Self.check(ttl: 5)], at: Self.at(13))
        #expect(Self.words(store, at: 13) == ["backup pushed.warn"])
        #expect(Self.words(store, at: 15) == ["backup pushed.expired"])
    }

    @Test("after a pause silence is judged only once what arrived meanwhile could be read")
    func pause() throws {
        let store = Self.store([Self.check(interval: 3600)])
        try store.push("pass", at: 0)
        #expect(Self.words(store, at: 0) == ["backup pass"])

        store.timeJumped(at: Self.at(90))

        #expect(Self.words(store, at: 90).isEmpty)
        #expect(store.nextDeadline(after: Self.at(90)) == Self.at(91))
        try store.push("pass", at: 90)
        #expect(Self.words(store, at: 91).isEmpty)
        #expect(Self.words(store, at: 150) == ["backup pushed.expired"])
    }

    @Test("a name that nobody configured is refused by type; one switched off takes results and says nothing")
    func names() throws {
        let store = Self.store([Self.check(enabled: false)])

        #expect(throws: PushRefusal.unknownCheck(type: "pushed", name: "ghost")) {
            try store.push("pass", name: "ghost", at: 1)
        }
        try store.push("pass", at: 1)
        #expect(store.results(at: Self.at(1000)).isEmpty && store.nextDeadline(after: Self.at(1)) == nil)
    }
}

extension FeedStore<PushedCheck> {
    func push(
        _ outcome: String, _ message: String = "", _ reason: Reason? = nil, latency: Duration? = nil,
        name: String = "backup", at seconds: Int
    ) throws {
        let outcome = try #require(Outcome(word: outcome))
        let push = CheckPush(
            name: name, outcome: outcome, message: message, reason: reason, latency: latency)
        try take(
            .check(push), from: HeartbeatStoreTests.source(unit: "backup.service"),
            at: PushedCheckTests.at(seconds))
    }
}
