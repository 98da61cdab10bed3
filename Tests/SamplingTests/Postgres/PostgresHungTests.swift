// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("Postgres: connections that nobody answers on")
struct PostgresHungTests {
    /// A pooler that refuses `options`, and settings too where `limits` says so; the query is not answered on the first
    /// `silent` connections.
    private static func pooler(
        silent: Int = .max, limits: FakePostgres.Reply = .error("08P01")
    ) -> FakePostgres.Behaviour {
        var behaviour = FakePostgres.Behaviour { connection, query in
            // The very first one is refused because of its options.
            if query == "SELECT 7", connection <= silent { return .silence }
            return query == PostgresRole.query ? .row("f") : .row("1")
        }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        behaviour.limits = limits
        behaviour.isCancellable = false
        return behaviour
    }

    private static let query = #", "query": "SELECT 7""#

    @Test("a query that is never answered is given up after minutes: a proxy may have lost it")
    func lostQuery() async throws {
        let server = try FakePostgres(Self.pooler(silent: 2))
        let trial = try PostgresTrial(server.url, Self.query, timeout: .milliseconds(300))

        let first = await trial.attempt()
        trial.time.advance(by: .seconds(240))
        let waiting = await trial.attempt()
        let startsWhileWaiting = server.starts.count
        trial.time.advance(by: .seconds(60))
        let second = await trial.attempt()
        let startsAfterwards = server.starts.count
        // Again without an answer: this time it is waited for twice as long.
        trial.time.advance(by: .seconds(301))
        let stillWaiting = await trial.attempt()
        let startsOfTheSecond = server.starts.count
        trial.time.advance(by: .seconds(300))
        // Options and limits were refused ten minutes ago: they are tried once more.
        let healed = await trial.attempt()

        #expect([first, second].allSatisfy { $0.reason == "timeout.processing" })
        for (result, most) in [(waiting, "5m"), (stillWaiting, "10m")] {
            #expect(result.outcome == .fail)
            #expect(result.reason == "timeout.processing")
            #expect(result.message.hasPrefix("no answer from 127.0.0.1:"), "\(result.message)")
            #expect(result.message.hasSuffix("until it ends, for \(most) at most"), "\(result.message)")
        }
        #expect(startsWhileWaiting == 2)
        #expect(startsAfterwards == 3)
        #expect(startsOfTheSecond == 3)
        #expect(healed.outcome == .pass, "\(healed.message)")
    }

    @Test("a login that hangs is waited for alone for a minute; then one more is made, and passes")
    func lostLogin() async throws {
        var behaviour = Self.pooler(silent: 0)
        behaviour.start = { _ in .done }
        behaviour.limits = .done
        behaviour.silentStarts = 1
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, Self.query, timeout: .seconds(1))

        let hung = [await trial.attempt(), await trial.attempt(), await trial.attempt()]
        let starts = server.starts.count
        trial.time.advance(by: .seconds(61))
        var last = await trial.attempt()
        for _ in 0..<20 where last.outcome != .pass { last = await trial.attempt() }

        #expect(hung.allSatisfy { $0.reason == "timeout.authenticate" }, "\(hung.map(\.message))")
        #expect(starts == 1)
        #expect(last.outcome == .pass, "\(last.message)")
        #expect(server.starts.count == 2)
    }

    @Test(
        "cancel requests that hang are one for the check, whatever its connections, and none for a query with limits",
        arguments: [(FakePostgres.Reply.done, 0), (.error("08P01"), 1)])
    func hungCancels(_ limits: FakePostgres.Reply, _ most: Int) async throws {
        var behaviour = Self.pooler(limits: limits)
        behaviour.holdsCancels = true
        let server = try FakePostgres(behaviour)
        defer { server.release() }
        let trial = try PostgresTrial(server.url, Self.query, timeout: .milliseconds(300))

        var starts: [Int] = []
        for _ in 0..<5 {
            #expect(await trial.attempt().outcome == .fail)
            starts.append(server.starts.count)
            // Longer than any query is waited for: the next attempt makes a new connection.
            trial.time.advance(by: .seconds(3600))
        }
        try await Workbench.aside {
            try Workbench.wait(for: "the request") { server.heldCancels >= most }
        }

        #expect(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "\(starts)")
        #expect(server.cancels == most)
    }
}
