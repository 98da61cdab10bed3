// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Receiving

/// The store of heartbeats, with a hand-moved clock counted in seconds.
@Suite("heartbeats")
struct HeartbeatStoreTests {
    static func at(_ seconds: Int) -> Instant { Instant(nanoseconds: 77_000_000_000) + .seconds(seconds) }

    static func check(
        _ name: String = "agent", ttl: Int = 60, bind: HeartbeatKind.Binding? = nil, interval: Int = 10,
        description: String? = nil, enabled: Bool = true
    ) -> ConfiguredCheck {
        var definition = CheckDefinition(name: name, type: "heartbeat")
        definition.interval = .seconds(interval)
        definition.description = description
        definition.enabled = enabled
        return ConfiguredCheck(
            definition: definition, kind: HeartbeatKind(ttl: .seconds(ttl), binding: bind))
    }

    static func source(_ connection: UInt64? = nil, unit: String = "") -> PushSource {
        PushSource(
            connection: connection.map { ConnectionID($0) }, pid: 71, uid: 998,
            origin: PeerOrigin(unit: unit, container: ""))
    }

    /// `agent pass`, `agent heartbeat.missing` … for each result.
    static func words(_ results: [(check: String, result: ProbeResult)]) -> [String] {
        results.map { "\($0.check) \($0.result.reason?.code ?? $0.result.outcome.word)" }
    }

    @Test("a heartbeat that was never heard is pending for its ttl, then missing, from the start on")
    func missing() throws {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))

        #expect(store.nextDeadline(after: Self.at(0)) == Self.at(60))
        #expect(store.results(at: Self.at(59)).isEmpty)
        let results = store.results(at: Self.at(60))

        #expect(Self.words(results) == ["agent heartbeat.missing"])
        let result = try #require(results.first?.result)
        #expect(result.outcome == .fail)
        #expect(result.definitive)
        #expect(
            result.message
                == "no beat yet, expected for 60 s, ttl 60 s: is the sender running, and does it beat for \"agent\"?"
        )
        #expect(result.facts == [Fact("beats", .integer(0)), Fact("ttl_seconds", .number(60))])
    }

    @Test("the first beat is a pass at once")
    func firstBeat() throws {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))

        #expect(store.beat("agent", from: Self.source(unit: "agno@1.service"), at: Self.at(3)))
        #expect(store.nextDeadline(after: Self.at(3)) == Self.at(3))
        let results = store.results(at: Self.at(4))

        #expect(Self.words(results) == ["agent pass"])
        let result = try #require(results.first?.result)
        #expect(!result.definitive)
        #expect(result.message == "last beat 1 s ago, ttl 60 s")
        #expect(
            result.facts == [
                Fact("age_seconds", .number(1)), Fact("beats", .integer(1)), Fact("ttl_seconds", .number(60)),
                Fact("unit", .text("agno@1.service")),
            ])
    }

    @Test("beats in time are told once in an interval, not once per beat")
    func steady() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))

        var told = 0
        for t in 1...100 {
            store.beat("agent", from: Self.source(), at: Self.at(t))
            told += store.results(at: Self.at(t)).count
        }

        #expect(told == 10)
    }

    @Test("silence past the ttl is expired at once, and the next beat heals at once")
    func expiry() throws {
        let store = HeartbeatStore(checks: [Self.check(interval: 3600)], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(5))
        _ = store.results(at: Self.at(5))

        #expect(store.nextDeadline(after: Self.at(5)) == Self.at(65))
        #expect(store.results(at: Self.at(64)).isEmpty)
        let expired = store.results(at: Self.at(80))
        store.beat("agent", from: Self.source(), at: Self.at(81))
        let healed = store.results(at: Self.at(81))

        #expect(Self.words(expired) == ["agent heartbeat.expired"])
        #expect(try #require(expired.first).result.message == "last beat 75 s ago, ttl 60 s")
        #expect(Self.words(healed) == ["agent pass"])
    }

    @Test("a beat that arrived before the verdict goes before it, even past the deadline")
    func drainedFirst() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(0))
        _ = store.results(at: Self.at(0))

        // Received in time, read late: the verdict is by the time of receipt.
        store.beat("agent", from: Self.source(), at: Self.at(59))

        #expect(Self.words(store.results(at: Self.at(100))) == ["agent pass"])
        #expect(Self.words(store.results(at: Self.at(119))) == ["agent heartbeat.expired"])
    }

    @Test("a beat told late does not move a later one back")
    func order() {
        let store = HeartbeatStore(checks: [Self.check(interval: 3600)], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(50))
        store.beat("agent", from: Self.source(), at: Self.at(10))
        _ = store.results(at: Self.at(50))

        #expect(store.results(at: Self.at(109)).isEmpty)
        #expect(Self.words(store.results(at: Self.at(110))) == ["agent heartbeat.expired"])
    }

    @Test("a failure is told again in every interval, so that its age and the start period are seen")
    func repeated() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))

        let told = (0...100).filter { !store.results(at: Self.at($0)).isEmpty }

        #expect(told == [60, 70, 80, 90, 100])
    }

    @Test("bound to its connection, it fails when the connection that beat last ends, and only then")
    func bound() throws {
        let store = HeartbeatStore(checks: [Self.check(bind: .connection)], at: Self.at(0))
        store.beat("agent", from: Self.source(1), at: Self.at(1))
        store.beat("agent", from: Self.source(2), at: Self.at(2))
        _ = store.results(at: Self.at(2))

        store.closed(ConnectionID(1), at: Self.at(3))
        #expect(store.results(at: Self.at(3)).isEmpty)
        store.closed(ConnectionID(2), at: Self.at(4))
        let gone = store.results(at: Self.at(5))
        store.beat("agent", from: Self.source(3), at: Self.at(6))

        #expect(Self.words(gone) == ["agent heartbeat.disconnected"])
        #expect(
            try #require(gone.first).result.message
                == "the connection that beat last closed 1 s ago, last beat 3 s ago")
        #expect(try #require(gone.first).result.definitive)
        #expect(Self.words(store.results(at: Self.at(6))) == ["agent pass"])
    }

    @Test("not bound, the end of a connection means nothing")
    func unbound() {
        let store = HeartbeatStore(checks: [Self.check(interval: 3600)], at: Self.at(0))
        store.beat("agent", from: Self.source(1), at: Self.at(1))
        _ = store.results(at: Self.at(1))

        store.closed(ConnectionID(1), at: Self.at(2))

        #expect(store.results(at: Self.at(60)).isEmpty)
        #expect(Self.words(store.results(at: Self.at(61))) == ["agent heartbeat.expired"])
    }

    @Test("a reload keeps the deadline: thirty hours of silence stay thirty hours")
    func reload() {
        let day = 86_400
        let checks = [Self.check("backup", ttl: 25 * 3600, interval: 100 * day)]
        let store = HeartbeatStore(checks: checks, at: Self.at(0))
        store.beat("backup", from: Self.source(), at: Self.at(0))
        _ = store.results(at: Self.at(0))

        for hour in 1...24 {
            store.replace(checks, at: Self.at(hour * 3600))
            #expect(store.results(at: Self.at(hour * 3600)).isEmpty)
        }

        #expect(store.nextDeadline(after: Self.at(day)) == Self.at(25 * 3600))
        #expect(Self.words(store.results(at: Self.at(30 * 3600))) == ["backup heartbeat.expired"])
    }

    @Test("a reload keeps the deadline of a beat that was never heard, too")
    func reloadMissing() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))

        store.replace([Self.check(), Self.check("other")], at: Self.at(50))

        #expect(Self.words(store.results(at: Self.at(60))) == ["agent heartbeat.missing"])
    }

    @Test("a changed ttl counts from the last beat, and the verdict is told anew")
    func changedTTL() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(10))
        _ = store.results(at: Self.at(10))

        store.replace([Self.check(ttl: 5)], at: Self.at(12))
        #expect(Self.words(store.results(at: Self.at(12))) == ["agent pass"])
        #expect(Self.words(store.results(at: Self.at(15))) == ["agent heartbeat.expired"])
    }

    @Test("a changed text is no news, and one that is switched on is told again")
    func changedText() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(10))
        #expect(Self.words(store.results(at: Self.at(10))) == ["agent pass"])

        store.replace([Self.check(description: "the agent")], at: Self.at(12))
        #expect(store.results(at: Self.at(12)).isEmpty)
        store.replace([Self.check(enabled: false)], at: Self.at(13))
        store.replace([Self.check()], at: Self.at(14))
        #expect(Self.words(store.results(at: Self.at(14))) == ["agent pass"])
    }

    @Test("the ttl of a heartbeat that is switched on begins then, for until then nobody expected a beat")
    func switchedOn() {
        let store = HeartbeatStore(checks: [Self.check(enabled: false)], at: Self.at(0))

        store.replace([Self.check()], at: Self.at(1000))

        #expect(store.results(at: Self.at(1059)).isEmpty)
        #expect(Self.words(store.results(at: Self.at(1060))) == ["agent heartbeat.missing"])
    }

    @Test("a name that nobody configured is told so; one switched off takes beats and says nothing")
    func names() {
        let store = HeartbeatStore(checks: [Self.check(enabled: false)], at: Self.at(0))

        #expect(!store.beat("ghost", from: Self.source(), at: Self.at(1)))
        #expect(store.beat("agent", from: Self.source(), at: Self.at(1)))
        #expect(store.results(at: Self.at(1000)).isEmpty)
        #expect(store.nextDeadline(after: Self.at(1)) == nil)
    }

    @Test("after a pause, silence is judged only once what arrived meanwhile could be read")
    func pause() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))
        store.beat("agent", from: Self.source(), at: Self.at(0))
        _ = store.results(at: Self.at(0))

        store.timeJumped(at: Self.at(90))
        #expect(Self.words(store.results(at: Self.at(90))) == ["agent pass"])
        #expect(store.nextDeadline(after: Self.at(90)) == Self.at(91))
        store.beat("agent", from: Self.source(), at: Self.at(90))

        #expect(store.results(at: Self.at(91)).isEmpty)
        #expect(Self.words(store.results(at: Self.at(150))) == ["agent heartbeat.expired"])
    }

    @Test("after a pause with nobody left to beat, the silence is told a second later")
    func pauseThenSilence() {
        let store = HeartbeatStore(checks: [Self.check()], at: Self.at(0))
        store.timeJumped(at: Self.at(90))

        #expect(store.results(at: Self.at(90)).isEmpty)
        #expect(Self.words(store.results(at: Self.at(91))) == ["agent heartbeat.missing"])
    }

    @Test("it wakes the daemon when something changed, and for no other beat")
    func wakes() {
        let count = Counter()
        let store = HeartbeatStore(checks: [Self.check(bind: .connection)], at: Self.at(0)) { count.add() }

        store.beat("agent", from: Self.source(1), at: Self.at(1))
        #expect(count.value == 1)
        _ = store.results(at: Self.at(1))
        for _ in 0..<50 { store.beat("agent", from: Self.source(1), at: Self.at(2)) }
        #expect(count.value == 1)
        store.closed(ConnectionID(9), at: Self.at(3))
        #expect(count.value == 1)
        store.closed(ConnectionID(1), at: Self.at(3))
        #expect(count.value == 2)
    }

    @Test("whatever beats and polls come, a result never contradicts the age of the last beat")
    func property() throws {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var state = seed | 1
        func roll(_ n: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % n
        }
        let store = HeartbeatStore(checks: [Self.check(ttl: 20, interval: 3)], at: Self.at(0))
        var now = 0
        var last: Int?
        for _ in 0..<5000 {
            now += Int(roll(4))
            if roll(6) == 0 || (now % 100 < 50 && roll(2) == 0) {
                store.beat("agent", from: Self.source(), at: Self.at(now))
                last = now
            }
            let expected = (last ?? 0) + 20
            for (_, result) in store.results(at: Self.at(now)) {
                #expect((result.outcome == .fail) == (now >= expected), "seed \(seed)")
            }
            let next = try #require(store.nextDeadline(after: Self.at(now)))
            #expect(next >= Self.at(now), "seed \(seed)")
            #expect(now >= expected || next <= Self.at(expected), "seed \(seed)")
        }
    }
}

typealias HeartbeatStore = FeedStore<Heartbeat>

extension FeedStore {
    convenience init(
        checks: [ConfiguredCheck], at now: Instant, wake: @escaping @Sendable () -> Void = {}
    ) {
        self.init(wake: wake)
        replace(checks, at: now)
    }
}

extension FeedStore<Heartbeat> {
    /// Whether a beat was taken.
    @discardableResult
    func beat(_ check: String, from source: PushSource, at received: Instant) -> Bool {
        (try? take(.heartbeat(name: check), from: source, at: received)) != nil
    }
}

/// Counts calls from any thread.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func add() { count.wrappingAdd(1, ordering: .relaxed) }

    var value: Int { count.load(ordering: .relaxed) }
}
