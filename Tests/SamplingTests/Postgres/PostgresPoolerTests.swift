// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite(
    "Postgres: behind a real PgBouncer",
    .enabled(if: PgBouncer.isInstalled && PostgresServer.isInstalled || Workbench.isCI, PgBouncer.skipReason))
struct PostgresPoolerTests {
    /// A Postgres of few connections with a table that somebody has locked.
    private static func lockedServer() throws -> (PostgresServer, Spawned) {
        let server = try PostgresServer(settings: ["max_connections=15"])
        try server.sql("CREATE TABLE locked (); ALTER TABLE locked OWNER TO vitald")
        let lock = try server.lock("locked")
        return (server, lock)
    }

    @Test(
        "a query that waits for a lock leaves nothing running, however the pooler takes the limits",
        arguments: [
            ("transaction", []), ("session", []), ("statement", []),
            ("transaction", ["ignore_startup_parameters = options"]),
            ("session", ["ignore_startup_parameters = options"]),
        ])
    func lockedTable(_ mode: String, _ settings: [String]) async throws {
        let (server, lock) = try await Workbench.aside { try Self.lockedServer() }
        let bouncer = try await Workbench.aside {
            try PgBouncer(server, mode: mode, settings: settings)
        }
        let trial = try PostgresTrial(
            bouncer.url(), #", "query": "SELECT count(*) FROM locked""#, timeout: .milliseconds(300))

        var reasons: [Reason?] = []
        var most = 0
        // More than the server has connections.
        for _ in 0..<20 {
            reasons.append(await trial.attempt().reason)
            most = max(most, try await Workbench.aside { try server.states().count })
        }
        // The last one may have come late to the server: then its limits end it a moment later.
        try await Workbench.aside {
            try Workbench.wait(for: "nothing to run") {
                try server.sql(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'vitald' AND state = 'active'")
                    == "0"
            }
        }

        // On a busy machine vitald itself may be late, and connect anew while the pooler still tidies up.
        #expect(reasons.allSatisfy { $0 != nil }, "\(reasons)")
        #expect(reasons.contains("timeout.lock") || reasons.contains("timeout.processing"), "\(reasons)")
        #expect(most <= 2)
        lock.signal(SIGKILL)
        try await Workbench.aside {
            try Workbench.wait(for: "the lock to go") {
                try server.sql("SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass") == "0"
            }
        }
        let patient = try PostgresTrial(bouncer.url(), #", "query": "SELECT count(*) FROM locked""#)
        #expect(await patient.attempt().outcome == .pass)
    }

    @Test("start parameters that are refused are not sent again at every reconnect, and said once")
    func refusedOptions() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let bouncer = try await Workbench.aside { try PgBouncer(server) }
        let trial = try PostgresTrial(bouncer.url(), #", "statistics": true"#)

        let first = await trial.attempt()
        trial.time.advance(by: .seconds(61))
        let second = await trial.attempt()
        trial.time.advance(by: .seconds(61))
        let third = await trial.attempt()
        let refused = bouncer.process.log.split(separator: "\n")
            .count { $0.contains("closing because: unsupported startup parameter: options") }

        for result in [first, second, third] {
            #expect(result.outcome == .pass)
            #expect(result.fact("role") == .text("primary"))
            #expect(result.fact("refused") == .text("the start parameter options (SQLSTATE 08P01)"))
            #expect(result.value("pg_exporter_last_scrape_error") == 0)
        }
        #expect(
            first.remarks == [
                "\(bouncer.directory):\(bouncer.port)/agno_data: the start parameter options was refused (SQLSTATE 08P01): statement_timeout and lock_timeout are set for each query instead"
            ])
        #expect(second.remarks == [] && third.remarks == [])
        #expect(refused == 1)
        #expect(try await Workbench.aside { try server.states() } == ["idle"])
    }

    @Test("a query that cannot run in a transaction runs without one, and is cancelled when it is late")
    func vacuum() async throws {
        let (server, lock) = try await Workbench.aside { try Self.lockedServer() }
        let bouncer = try await Workbench.aside { try PgBouncer(server) }
        let vacuum = #", "query": "VACUUM locked""#
        let trial = try PostgresTrial(bouncer.url(), vacuum, timeout: .milliseconds(500))

        var results: [ProbeResult] = []
        for _ in 0..<6 {
            results.append(await trial.attempt())
            let states = try await Workbench.aside { try server.states() }
            #expect(states.count <= 1, "\(states) \(bouncer.process.log)")
        }
        try await Workbench.aside {
            try Workbench.wait(for: "nothing to run") { try server.states().allSatisfy { $0 == "idle" } }
        }
        lock.signal(SIGKILL)
        try await Workbench.aside {
            try Workbench.wait(for: "the lock to go") {
                try server.sql("SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass") == "0"
            }
        }
        let healed = try await PostgresTrial(bouncer.url(), vacuum).attempt()
        let direct = try await PostgresTrial(server.localURL, vacuum).attempt()

        #expect(
            results.allSatisfy { $0.reason?.code.hasPrefix("timeout.") == true }, "\(results.map(\.reason))")
        let remarks: [String] = results.flatMap { $0.remarks }
        #expect(remarks.contains { $0.contains("the query in a transaction was refused (SQLSTATE 25001)") })
        #expect(healed.outcome == .pass)
        // Directly the limits are the session's, and nothing has to be left out.
        #expect(direct.outcome == .pass)
        #expect(direct.fact("refused") == nil)
    }

    @Test("PgBouncer's own console, which knows neither BEGIN nor SET nor SELECT, answers SHOW")
    func console() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let bouncer = try await Workbench.aside { try PgBouncer(server) }
        let trial = try PostgresTrial(bouncer.url("pgbouncer"), #", "query": "SHOW POOLS""#)

        let first = await trial.attempt()
        let second = await trial.attempt()
        let wrong = try await PostgresTrial(bouncer.url("pgbouncer"), #", "query": "SHOW NOTHING""#).attempt()

        #expect(first.outcome == .pass)
        #expect(second.outcome == .pass)
        #expect(second.phases.map(\.phase) == [.processing])
        #expect(first.fact("role") == nil)
        #expect(first.remarks.count == 3, "\(first.remarks)")
        #expect(second.remarks == [])
        #expect(wrong.outcome == .fail)
        #expect(wrong.reason == "query.failed")
    }

    @Test("a pool without a free server is a timeout that leaves nothing in the queue, and heals")
    func exhaustedPool() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let bouncer = try await Workbench.aside {
            try PgBouncer(server, settings: ["default_pool_size = 1"])
        }
        let other = try await Workbench.aside {
            let other = try Spawned(
                [
                    "\(PostgresServer.binaries)/psql", "-X", "-h", bouncer.directory, "-p", "\(bouncer.port)",
                    "-U", "vitald", "-d", "agno_data", "-c", "SELECT pg_sleep(600)",
                ], directory: Workbench.directory("psql"), ending: "KILL")
            try Workbench.wait(for: "the sleeper") { try server.states() == ["active"] }
            return other
        }
        let trial = try PostgresTrial(bouncer.url(), timeout: .milliseconds(300))

        for _ in 0..<4 { #expect(await trial.attempt().reason?.code.hasPrefix("timeout.") == true) }
        other.signal(SIGKILL)
        // Only the sleeper, which does not notice that its client is gone: the pooler may have opened the next one for
        // the query that waits.
        try await Workbench.aside {
            try server.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vitald' AND query LIKE '%pg_sleep%'"
            )
        }
        let healed = try await PostgresTrial(bouncer.url()).attempt()
        let states = try await Workbench.aside {
            var states: [String] = []
            _ = try? Workbench.wait(for: "the pool to be idle", within: .seconds(15)) {
                states = try server.states()
                return states == ["idle"]
            }
            return states
        }

        #expect(healed.outcome == .pass)
        #expect(states == ["idle"], "\(bouncer.process.log)")
    }
}
