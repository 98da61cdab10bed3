// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite("Postgres: what a threshold needs and does not come")
struct PostgresGapTests {
    /// What the server does with the questions that it is asked, and the clock of whoever asks.
    private final class Scene: Sendable {
        private struct State {
            var late: Set<String> = []
            var time: ShiftableTime?
        }

        private let state = Mutex(State())

        var late: Set<String> {
            get { state.withLock { $0.late } }
            set { state.withLock { $0.late = newValue } }
        }

        func keep(_ time: ShiftableTime) { state.withLock { $0.time = time } }

        func pass(_ duration: Duration) { state.withLock { $0.time }?.advance(by: duration) }
    }

    /// A standby, 90 s behind, of whose 100 connections 95 are taken.
    private static func server(_ scene: Scene, whenAsked: (@Sendable (String) -> Void)? = nil) throws
        -> FakePostgres
    {
        try FakePostgres(
            FakePostgres.Behaviour { _, query in
                whenAsked?(query)
                let (subject, reply): (String, FakePostgres.Reply) =
                    query.contains("pg_backend_pid")
                    ? ("", .values(["1", "1ms"]))
                    : query == PostgresRole.query
                        ? ("role", .row("t"))
                        : query == PostgresRole.lagQuery
                            ? ("lag", .row("90"))
                            : query == PostgresUse.query
                                ? ("connections", .values(["95", "100"])) : ("", .row("1"))
                guard scene.late.contains(subject) else { return reply }
                // The attempt is over before the end of the answer comes.
                scene.pass(.seconds(30))
                return .slowError("XX000")
            })
    }

    private static func trial(_ server: FakePostgres, _ scene: Scene, _ keys: String) throws -> PostgresTrial
    {
        let trial = try PostgresTrial(server.url, #", "query": "SELECT 7", \#(keys)"#)
        scene.keep(trial.time)
        return trial
    }

    @Test(
        "an answer that is late is neither a failure nor a pass, and is asked for again at once",
        arguments: [
            ("role", #""role": "primary""#, Outcome.fail, "role.mismatch", "whether it is a primary"),
            ("role", #""failReplicationLag": "1m""#, .fail, "replication.lag", "whether it is a primary"),
            ("lag", #""failReplicationLag": "1m""#, .fail, "replication.lag", "the replication lag"),
            (
                "connections", #""warnConnectionsPercent": 90"#, .warn, "connections.high",
                "the count of connections"
            ),
        ])
    func late(_ subject: String, _ keys: String, _ outcome: Outcome, _ reason: String, _ words: String)
        async throws
    {
        let scene = Scene()
        let server = try Self.server(scene)
        let trial = try Self.trial(server, scene, keys)

        let before = await trial.attempt()
        scene.late = [subject]
        let during = [await trial.attempt(), await trial.attempt()]
        scene.late = []
        let after = await trial.attempt()

        for result in [before, after] {
            #expect(result.outcome == outcome)
            #expect(result.reason == Reason(reason))
        }
        for result in during {
            #expect(result.outcome == .unknown, "\(result.message)")
            #expect(result.reason == "inconclusive.partial")
            #expect(result.message.hasSuffix("does not know \(words) (no answer in time)"))
            #expect(result.value("pg_up") == 1)
            #expect(result.fact("refused") == nil)
        }
        withExtendedLifetime(server) {}
    }

    @Test("where the query takes nearly all of the time, nothing else is asked, and nobody has refused it")
    func noTimeLeft() async throws {
        let scene = Scene()
        let server = try Self.server(scene) { if $0 == "SELECT 7" { scene.pass(.milliseconds(4700)) } }

        for keys in [
            #""role": "primary""#, #""warnReplicationLag": "1m""#, #""warnConnectionsPercent": 90"#,
        ] {
            let trial = try Self.trial(server, scene, keys)
            let result = await trial.attempt()

            #expect(result.outcome == .unknown, "\(keys): \(result.message)")
            #expect(result.reason == "inconclusive.partial")
            #expect(result.message.hasSuffix("(no time was left to ask)"), "\(result.message)")
        }
    }

    @Test("what is known to be bad counts also where something else is not known")
    func worst() async throws {
        let scene = Scene()
        scene.late = ["connections"]
        let server = try Self.server(scene)
        let trial = try Self.trial(server, scene, #""role": "primary", "warnConnectionsPercent": 90"#)

        let result = await trial.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "role.mismatch")
        withExtendedLifetime(server) {}
    }

    @Test("what no threshold needs is not asked for again once it was late, and decides nothing")
    func unneeded() async throws {
        let scene = Scene()
        scene.late = ["role"]
        let server = try Self.server(scene)
        let trial = try Self.trial(server, scene, #""warnLatency": "1h""#)

        let results = [await trial.attempt(), await trial.attempt()]

        #expect(results.allSatisfy { $0.outcome == .pass }, "\(results.map(\.message))")
        #expect(results[1].fact("refused") == .text("pg_is_in_recovery() (no answer in time)"))
        #expect(server.queries.count { $0 == PostgresRole.query } == 1)
    }
}
