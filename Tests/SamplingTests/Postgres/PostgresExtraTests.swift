// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("Postgres: what a check can do without")
struct PostgresExtraTests {
    /// How servers and proxies say no.
    static let refusals: [FakePostgres.Reply] = [
        .error("0A000"), .error("08P01"), .error("XX000"), .error("42704"), .error("42601"), .error("42501"),
        .error("42883"), .error("58000"), .fatal("08P01"), .fatal("XX000"), .close,
    ]

    /// A server that answers everything, but for what a test says.
    private static func behaviour(
        _ special: @escaping @Sendable (_ connection: Int, _ query: String) -> FakePostgres.Reply?
    ) -> FakePostgres.Behaviour {
        FakePostgres.Behaviour { connection, query in
            if let reply = special(connection, query) { return reply }
            if query.contains("pg_backend_pid") { return .values(["1", "1ms"]) }
            if query == PostgresRole.query { return .row("f") }
            return .row("1")
        }
    }

    private static func text(_ result: ProbeResult) -> String {
        guard case .text(let text) = result.fact("refused") else { return "" }
        return text
    }

    @Test("start parameters that are refused are left out, and remembered", arguments: refusals)
    func options(_ refusal: FakePostgres.Reply) async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { $0["options"] == nil ? .done : refusal }
        // What the right to connect is about is no matter of parameters.
        if case .error("42501") = refusal { return }
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url)

        let first = await trial.attempt()
        let kept = await trial.attempt()
        trial.time.advance(by: .seconds(61))
        let second = await trial.attempt()
        let early = server.starts.count
        trial.time.advance(by: .seconds(600))
        let third = await trial.attempt()

        for result in [first, kept, second, third] {
            #expect(result.outcome == .pass, "\(result.message)")
            #expect(Self.text(result).hasPrefix("the start parameter options ("))
            #expect(!result.everything.contains("CANARY"))
        }
        #expect(first.remarks.count == 1)
        #expect((kept.remarks + second.remarks + third.remarks) == [])
        #expect(early == 3)
        #expect(server.starts.count == 5)
        #expect(server.starts[1]["application_name"] == "vitald")
        // The limits go along with each query instead.
        #expect(server.queries.allSatisfy { FakePostgres.split($0).hasLimits })
    }

    @Test(
        "a reload of thresholds alone keeps the refusals and the addresses; other credentials may be let do more"
    )
    func reload() async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        let server = try FakePostgres(behaviour)
        let names = FlakyNames()
        let url = "postgresql://v@db.example:\(server.port)/d?sslmode=disable"
        let trial = try PostgresTrial(url, lookup: names.lookup)

        let first = await trial.attempt()
        names.isBroken.store(true, ordering: .sequentiallyConsistent)
        let reloaded = try PostgresTrial(trial, url, #", "warnLatency": "1h""#)
        let second = await reloaded.attempt()
        let other = try PostgresTrial(
            reloaded, url, #", "passwordFile": "/secret""#, secrets: ["/secret": "hunter2"])
        let third = await other.attempt()

        #expect(first.remarks.count == 1)
        #expect(second.outcome == .pass, "\(second.message)")
        #expect(second.reason == "dns.failed")
        #expect(second.remarks == [], "it is not told again")
        #expect(Self.text(second).hasPrefix("the start parameter options ("))
        #expect(third.remarks.count == 1)
        // With options and without, without, and with and without again.
        #expect(server.starts.map { $0["options"] != nil } == [true, false, false, true, false])
    }

    @Test("options of the url are sent without ours first, and left out only where they are refused as well")
    func optionsOfTheURL() async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { $0["options"]?.contains("statement_timeout") == true ? .error("42704") : .done }
        let choosy = try FakePostgres(behaviour)
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        let pooler = try FakePostgres(behaviour)

        let given = try PostgresTrial(choosy.url + "&options=endpoint%3Dx")
        let none = try PostgresTrial(pooler.url + "&options=endpoint%3Dx")
        let results = [await given.attempt(), await none.attempt()]
        for trial in [given, none] {
            trial.time.advance(by: .seconds(61))
            #expect(await trial.attempt().outcome == .pass)
        }

        #expect(results.allSatisfy { $0.outcome == .pass })
        #expect(choosy.starts.dropFirst().map { $0["options"] } == ["endpoint=x", "endpoint=x"])
        #expect(pooler.starts.dropFirst().map { $0["options"] } == ["endpoint=x", nil, nil])
        #expect(results.map { $0.remarks.count } == [1, 2])
    }

    @Test("a name for the connection that is refused is left out too")
    func applicationName() async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = {
            $0["options"] != nil ? .error("08P01") : $0["application_name"] != nil ? .close : .done
        }
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url)

        let first = await trial.attempt()
        trial.time.advance(by: .seconds(61))
        let second = await trial.attempt()

        #expect(first.outcome == .pass)
        #expect(second.outcome == .pass)
        #expect(server.starts.count == 4)
        #expect(first.remarks.count == 2)
    }

    @Test(
        "a login that is refused is not tried again with fewer parameters",
        arguments: [
            ("28P01", "auth.failed"), ("3D000", "database.missing"), ("53300", "saturated"),
            ("57P03", "starting"),
        ])
    func login(_ code: String, _ reason: String) async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { _ in .error(code) }
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url)

        let results = [await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.reason == Reason(reason) })
        // Without a place it asks once more, in case a predecessor's is just being given up.
        #expect(server.starts.count == (code == "53300" ? 3 : 2))
        #expect(server.starts.allSatisfy { $0["options"] != nil })
        #expect(results.allSatisfy { $0.fact("refused") == nil && $0.remarks == [] })
    }

    @Test(
        "what is refused whatever is left out is the server's word, and not asked for three times at each attempt"
    )
    func refusedAnyway() async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { _ in .error("08P01") }
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url)

        let results = [await trial.attempt(), await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.reason == "connect.failed" && $0.fact("refused") == nil })
        #expect(server.starts.count == 5)
    }

    @Test("the role is not needed: SELECT 1 decides", arguments: refusals)
    func role(_ refusal: FakePostgres.Reply) async throws {
        let server = try FakePostgres(Self.behaviour { $1 == PostgresRole.query ? refusal : nil })
        let trial = try PostgresTrial(server.url)

        let first = await trial.attempt()
        let second = await trial.attempt()
        trial.time.advance(by: .seconds(61))
        let third = await trial.attempt()

        for result in [first, second, third] {
            #expect(result.outcome == .pass, "\(result.message)")
            #expect(result.fact("role") == nil)
            #expect(Self.text(result).hasPrefix("pg_is_in_recovery() ("))
        }
        #expect(first.remarks.count == 1)
        #expect(server.queries.count { $0.contains("recovery") } == 1)
        #expect(second.phases.map(\.phase) == [.processing])
    }

    @Test("a role that is needed and refused is role.unknown, not a failed query", arguments: refusals)
    func neededRole(_ refusal: FakePostgres.Reply) async throws {
        let server = try FakePostgres(Self.behaviour { $1 == PostgresRole.query ? refusal : nil })

        let role = try await PostgresTrial(server.url, #", "role": "primary""#).attempt()
        let lag = try await PostgresTrial(server.url, #", "failReplicationLag": "1m""#).attempt()

        #expect(role.outcome == .fail)
        #expect(role.reason == "role.unknown")
        #expect(lag.outcome == .warn)
        #expect(lag.reason == "replication.unknown")
        withExtendedLifetime(server) {}
    }

    @Test("the lag, the count of connections and statistics do not decide", arguments: refusals)
    func others(_ refusal: FakePostgres.Reply) async throws {
        let server = try FakePostgres(
            Self.behaviour { _, query in
                if query == PostgresRole.query { return .row("t") }
                return query.contains("pg_last_wal") || query.contains("FROM pg_") ? refusal : nil
            })
        let trial = try PostgresTrial(
            server.url, #", "query": "SELECT 7", "statistics": true, "warnConnectionsPercent": 1"#)

        var results: [ProbeResult] = []
        // One that is hung up on twice is not asked for any more; there are six.
        for _ in 0..<14 { results.append(await trial.attempt()) }
        let before = server.queries.count
        let last = await trial.attempt()
        let after = server.queries.dropFirst(before)

        // As long as it may be chance that the connection was closed, the threshold has nothing to go by.
        for result in results where result.outcome != .pass {
            #expect(result.reason == "inconclusive.partial", "\(result.message)")
            #expect(refusal.closes)
        }
        #expect(last.outcome == .pass)
        #expect(last.fact("role") == .text("standby"))
        #expect(last.remarks == [])
        #expect(results.flatMap(\.remarks).count == 6)
        // What is left is what is answered.
        #expect(after.map { FakePostgres.split($0).query } == ["SELECT 7", PostgresRole.query])
    }

    @Test("statistics that do not come in time leave the answer alone, and are not asked for again")
    func lateStatistics() async throws {
        let server = try FakePostgres(
            Self.behaviour { $1.contains("FROM pg_settings") ? .silence : nil })
        let trial = try PostgresTrial(server.url, #", "statistics": true"#, timeout: .milliseconds(400))

        let first = await trial.attempt()
        let second = await trial.attempt()

        #expect(first.outcome == .pass)
        #expect(first.duration <= .milliseconds(400) + PostgresFaultTests.grace)
        #expect(first.value("pg_exporter_last_scrape_error") == 1)
        #expect(second.outcome == .pass)
        #expect(Self.text(second) == "pg_settings (no answer in time)")
        #expect(server.queries.count { $0.contains("FROM pg_settings") } == 1)
    }

    @Test("limits for a query that are refused are left out", arguments: refusals)
    func limits(_ refusal: FakePostgres.Reply) async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        behaviour.limits = refusal
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, #", "query": "SELECT 7""#)

        let results = [await trial.attempt(), await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.outcome == .pass }, "\(results.map(\.message))")
        #expect(Self.text(results[2]).contains("SET LOCAL statement_timeout ("))
        #expect(server.queries.count { $0.hasPrefix("SET LOCAL") } == 1)
        #expect(results[0].fact("role") == .text("primary"))
    }

    @Test("an error of the query is not taken for one of its limits")
    func syntax() async throws {
        var behaviour = Self.behaviour { $1 == "SELEC 7" ? .error("42601") : nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        // A server looks through the whole message before it begins.
        behaviour.limits = .error("42601")
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, #", "query": "SELEC 7""#)

        let result = await trial.attempt()

        #expect(result.reason == "query.failed")
        #expect(!Self.text(result).contains("SET LOCAL"))
        withExtendedLifetime(server) {}
    }

    @Test("a proxy that takes options and ignores them is found out by its process number")
    func ignoredOptions() async throws {
        var behaviour = Self.behaviour { _, _ in nil }
        behaviour.backend = 4711
        let pooled = try FakePostgres(behaviour)
        let unlimited = try FakePostgres(
            Self.behaviour { $1.contains("pg_backend_pid") ? .values(["1", "0"]) : nil })
        let direct = try FakePostgres(Self.behaviour { _, _ in nil })
        let silent = try FakePostgres(Self.behaviour { $1.contains("pg_backend_pid") ? .close : nil })

        for server in [pooled, unlimited, direct, silent] {
            let result = try await PostgresTrial(server.url).attempt()
            #expect(result.outcome == .pass)
        }

        #expect(FakePostgres.split(pooled.queries.last ?? "").hasLimits)
        #expect(FakePostgres.split(unlimited.queries.last ?? "").hasLimits)
        #expect(FakePostgres.split(silent.queries.last ?? "").hasLimits)
        #expect(direct.queries.last == PostgresRole.query)
        // One question at each attempt, and one at each connection.
        #expect(direct.queries.count == 2)
    }

    @Test("a query that nothing ends is cancelled; while it runs on, no other is sent and no connection made")
    func unguarded() async throws {
        var behaviour = Self.behaviour { $1 == "SELECT 7" ? .silence : nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        behaviour.limits = .error("08P01")
        behaviour.isCancellable = false
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, #", "query": "SELECT 7""#, timeout: .milliseconds(300))

        let first = await trial.attempt()
        let others = [await trial.attempt(), await trial.attempt(), await trial.attempt()]
        let starts = server.starts.count
        let queries = server.queries.count
        let most = server.mostOpen
        server.release()
        var healed = await trial.attempt()
        for _ in 0..<20 where healed.outcome != .pass { healed = await trial.attempt() }

        #expect(first.reason == "timeout.processing")
        #expect(
            others.allSatisfy {
                $0.reason == "timeout.processing" && $0.message.contains("no answer from 127.0.0.1:")
            })
        #expect(starts == 2)
        #expect(queries == 2)
        #expect(most == 1)
        #expect(server.cancels >= 2)
        #expect(healed.outcome == .pass)
    }

    @Test(
        "an error whose end comes too late is no answer",
        arguments: [FakePostgres.Reply.done, .error("08P01")])
    func slowError(_ limits: FakePostgres.Reply) async throws {
        var behaviour = Self.behaviour { $1 == "SELECT 7" ? .slowError("55P03") : nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        behaviour.limits = limits
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, #", "query": "SELECT 7""#, timeout: .seconds(1))

        for _ in 0..<3 {
            let result = await trial.attempt()
            #expect(result.outcome == .fail)
            #expect(result.reason?.code.hasPrefix("timeout.") == true)
        }
        // One with limits is ended by the server, without a request.
        if case .done = limits { #expect(server.cancels == 0) } else { #expect(server.cancels >= 1) }
    }

    @Test("a query that is cancelled in time makes room for the next one")
    func cancelled() async throws {
        var behaviour = Self.behaviour { $1 == "SELECT 7" ? .silence : nil }
        behaviour.start = { $0["options"] == nil ? .done : .error("08P01") }
        behaviour.limits = .error("08P01")
        let server = try FakePostgres(behaviour)
        let trial = try PostgresTrial(server.url, #", "query": "SELECT 7""#, timeout: .seconds(1))

        let results = [await trial.attempt(), await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.reason == "timeout.processing" }, "\(results.map(\.message))")
        #expect(server.cancels >= 1)
        #expect(server.queries.count { $0 == "SELECT 7" } >= 2)
    }

    @Test(
        "a setting is read as Postgres shows it",
        arguments: [
            ("0", 0), ("4500ms", 4500), ("5s", 5000), ("1min", 60_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("", nil), ("ms", nil), ("-1", nil), ("5 s", nil), ("9223372036854775807d", nil),
        ] as [(String, Int64?)])
    func settings(_ text: String, _ milliseconds: Int64?) {
        #expect(PostgresLimits.milliseconds(text) == milliseconds)
    }
}
