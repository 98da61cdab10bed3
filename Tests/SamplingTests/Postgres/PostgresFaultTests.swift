// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite(
    "Postgres: a server in trouble",
    .enabled(if: PostgresServer.isInstalled || Workbench.isCI, PostgresServer.skipReason))
struct PostgresFaultTests {
    /// Late by so much at most: the machine that runs the tests is busy.
    static let grace = Duration.seconds(10)

    @Test("a server that was killed refuses, also a kept connection, and heals when it is back")
    func killed() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let trial = try PostgresTrial(server.url)
        let before = await trial.attempt()

        server.process.signal(SIGQUIT)
        try await Workbench.aside {
            try Workbench.wait(for: "the end") { server.process.hasEnded }
        }
        let after = await trial.attempt()

        #expect(before.outcome == .pass)
        #expect(after.outcome == .fail)
        #expect(after.reason == "refused")
        #expect(after.value("pg_up") == 0)
    }

    @Test("a stopped postmaster is a timeout that names the step, within the deadline")
    func stopped() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let name = "vitald-stopped"
        let kept = try PostgresTrial(
            server.localURL + "&application_name=\(name)", timeout: .milliseconds(700))
        let before = await kept.attempt()
        let backend = try await Workbench.aside { try #require(try server.backends(name).first) }

        server.process.signal(SIGSTOP)
        let time = ShiftableTime()
        let started = time.now
        let tcp = try await PostgresTrial(server.url, timeout: .milliseconds(700)).attempt()
        let local = try await PostgresTrial(server.localURL, timeout: .milliseconds(700)).attempt()
        let took = time.now - started
        let stillServed = await kept.attempt()
        kept.time.advance(by: .seconds(61))
        let reconnect = await kept.attempt()
        kill(backend, SIGSTOP)
        kept.time.advance(by: .seconds(-61))
        let query = await kept.attempt()
        kill(backend, SIGCONT)
        server.process.signal(SIGCONT)
        let healed = await kept.attempt()

        #expect(before.outcome == .pass)
        // The server's answer to "may we speak TLS?" does not come.
        #expect(tcp.reason == "timeout.tls")
        #expect(local.reason == "timeout.authenticate")
        #expect(took < .milliseconds(1400) + Self.grace)
        #expect(stillServed.outcome == .pass)
        #expect(reconnect.outcome == .fail)
        #expect(reconnect.reason == "timeout.authenticate")
        #expect(query.reason == "timeout.processing")
        #expect(query.value("pg_up") == 0)
        #expect(healed.outcome == .pass)
    }

    @Test("saturation is a warning while the kept connection answers, and a failure without one")
    func saturated() async throws {
        let server = try await Workbench.aside {
            try PostgresServer(settings: [
                "max_connections=5", "superuser_reserved_connections=2", "max_wal_senders=0",
            ])
        }
        let kept = try PostgresTrial(server.localURL, #", "warnConnectionsPercent": 90"#)
        let one = await kept.attempt()
        let sleepers = try await Workbench.aside {
            // They say themselves that they are in: who asked the server would take one of the places.
            let sleepers = try (0..<2).map { _ in
                try server.session("DO $$ BEGIN RAISE NOTICE 'asleep'; PERFORM pg_sleep(600); END $$")
            }
            try Workbench.wait(for: "the sleepers") { sleepers.allSatisfy { $0.log.contains("asleep") } }
            return sleepers
        }

        let full = await kept.attempt()
        kept.time.advance(by: .seconds(61))
        let withKept = await kept.attempt()
        let without = try await PostgresTrial(server.localURL).attempt()

        #expect(one.outcome == .pass)
        #expect(one.fact("connections") == .integer(1))
        #expect(full.outcome == .warn)
        #expect(full.reason == "connections.high")
        #expect(full.fact("connections_percent") == .number(100))
        #expect(withKept.outcome == .warn)
        #expect(withKept.reason == "saturated")
        #expect(withKept.value("pg_up") == 1)
        #expect(without.outcome == .fail)
        #expect(without.reason == "saturated")
        #expect(without.value("pg_up") == 0)
        _ = sleepers
    }

    @Test("a server that takes no connections yet is starting: a warning")
    func starting() async throws {
        // A standby that may not be read refuses everybody with 57P03 for as long as it runs.
        let server = try await Workbench.aside {
            try PostgresServer(.orphan, settings: ["hot_standby=off"], waiting: false)
        }

        let result = try await PostgresTrial(server.localURL).attempt()

        #expect(result.outcome == .warn)
        #expect(result.reason == "starting")
        #expect(result.value("pg_up") == 0)
    }

    @Test("a read-only standby has its role and its lag")
    func standby() async throws {
        let (primary, standby) = try await Workbench.aside {
            let primary = try PostgresServer()
            let standby = try PostgresServer(.standby(of: primary))
            try Workbench.wait(for: "streaming") {
                try standby.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "1"
            }
            return (primary, standby)
        }
        let role = #", "role": "standby""#
        let lagging = try PostgresTrial(
            standby.localURL,
            role + #", "statistics": true, "warnReplicationLag": "1ms", "failReplicationLag": "1h""#)
        let writing = try PostgresTrial(standby.localURL, #", "query": "CREATE TABLE impossible ()""#)

        try await Workbench.aside {
            try Workbench.wait(for: "the replay") {
                try standby.sql("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == "t"
            }
        }
        let level = await lagging.attempt()
        try await Workbench.aside {
            try primary.sql("CREATE TABLE one ()")
            try Workbench.wait(for: "the table") {
                try standby.sql("SELECT to_regclass('one') IS NOT NULL") == "t"
            }
            try standby.sql("SELECT pg_wal_replay_pause()")
            try Workbench.wait(for: "the pause") {
                try standby.sql("SELECT pg_get_wal_replay_pause_state()") == "paused"
            }
            try primary.sql("CREATE TABLE two ()")
            try Workbench.wait(for: "the backlog") {
                try standby.sql("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()") == "t"
            }
        }
        let behind = await lagging.attempt()
        let far = try await PostgresTrial(standby.localURL, role + #", "failReplicationLag": "1ms""#)
            .attempt()
        let wrong = try await PostgresTrial(standby.localURL, #", "role": "primary""#).attempt()
        let write = await writing.attempt()

        #expect(level.outcome == .pass)
        #expect(level.fact("role") == .text("standby"))
        #expect(level.fact("replication_lag_seconds") == .number(0))
        #expect(behind.outcome == .warn)
        #expect(behind.reason == "replication.lag")
        #expect(behind.value("pg_replication_is_replica") == 1)
        #expect((behind.value("pg_replication_lag_seconds") ?? 0) > 0)
        #expect(far.outcome == .fail)
        #expect(far.reason == "replication.lag")
        #expect(wrong.reason == "role.mismatch")
        #expect(write.reason == "readonly")
    }
}
