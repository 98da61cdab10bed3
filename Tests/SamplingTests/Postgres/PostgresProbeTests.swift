// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import Synchronization
import Testing
import Vitals

@testable import Sampling

/// A probe of a Postgres, with its clock.
struct PostgresTrial {
    let time: ShiftableTime
    let probe: LaneProbe<PostgresProbe>
    let timeout: Duration

    init(_ url: String, _ more: String = "", timeout: Duration = .seconds(5), lookup: Resolver.Lookup? = nil)
        throws
    {
        let read = try readCheck(PostgresKind.self, #"{"url": "\#(url)"\#(more)}"#)
        try #require(read.faults == [])
        var definition = CheckDefinition(name: "database", type: "postgres")
        definition.timeout = timeout
        time = ShiftableTime()
        let resolver = Resolver(lanes: Workbench.lanes, time: time, lookup: lookup ?? Resolver.system)
        probe = read.kind.probe(definition, time: time, lanes: Workbench.lanes, resolver: resolver)
        self.timeout = timeout
    }

    /// A reload with other keys.
    init(_ old: PostgresTrial, _ url: String, _ more: String, secrets: [String: String] = [:]) throws {
        let read = try readCheck(PostgresKind.self, #"{"url": "\#(url)"\#(more)}"#, secrets: secrets)
        try #require(read.faults == [])
        var definition = CheckDefinition(name: "database", type: "postgres")
        definition.timeout = old.timeout
        time = old.time
        timeout = old.timeout
        let context = ProbeContext(
            time: time, lanes: Workbench.lanes, eventLoop: RedisTrial.loop, kernel: WireKernel(),
            procRoot: "/proc", helperProgram: "")
        let made = read.kind.makeProbe(definition, context, following: old.probe)
        probe = try #require(made as? LaneProbe<PostgresProbe>)
        old.probe.close()
    }

    func attempt() async -> ProbeResult { await probe.result(time, timeout: timeout) }
}

@Suite(
    "Postgres: a server that works",
    .enabled(if: PostgresServer.isInstalled || Workbench.isCI, PostgresServer.skipReason))
struct PostgresProbeTests {
    private static let shared = Result { try PostgresServer() }

    private func server() async throws -> PostgresServer {
        try await Workbench.aside { try Self.shared.get() }
    }

    @Test("an answer is a pass with its facts, and no password anywhere")
    func passes() async throws {
        let server = try await server()
        let trial = try PostgresTrial(server.url)

        let first = await trial.attempt()
        let second = await trial.attempt()

        #expect(first.outcome == .pass)
        #expect(first.reason == nil)
        #expect(first.fact("role") == .text("primary"))
        #expect(first.value("pg_up") == 1)
        #expect(first.phases.map(\.phase) == [.resolve, .connect, .tls, .authenticate, .processing])
        #expect(second.phases.map(\.phase) == [.processing])
        guard case .text(let version) = first.fact("version") else {
            Issue.record("no version")
            return
        }
        #expect(version.contains("."))
        #expect(!(first.everything + second.everything).contains("CANARY"))
    }

    @Test("a wrong password is auth.failed and shows neither password")
    func wrongPassword() async throws {
        let server = try await server()
        let trial = try PostgresTrial("postgresql://vitald:CANARY-wrong@127.0.0.1:\(server.port)/agno_data")

        let result = await trial.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "auth.failed")
        #expect(result.value("pg_up") == 0)
        #expect(!result.everything.contains("CANARY"))
    }

    @Test("no password where one is asked for is vitald's fault: unknown")
    func noPassword() async throws {
        let server = try await server()
        let trial = try PostgresTrial("postgresql://vitald@127.0.0.1:\(server.port)/agno_data")

        let result = await trial.attempt()

        #expect(result.outcome == .unknown)
        #expect(result.reason == "credential.missing")
        #expect(result.value("pg_up") == 0)
    }

    @Test("a database that does not exist is told from a server that does not")
    func missingDatabase() async throws {
        let server = try await server()

        let missing = try await PostgresTrial("host=\(server.directory) port=\(server.port) dbname=none")
            .attempt()
        let nobody = try await PostgresTrial("host=127.0.0.1 port=\(Workbench.freePort())").attempt()
        let noSocket = try await PostgresTrial("host=\(server.directory) port=1").attempt()

        #expect(missing.reason == "database.missing")
        #expect(nobody.reason == "refused")
        #expect(noSocket.reason == "missing")
        #expect([missing, nobody, noSocket].allSatisfy { $0.outcome == .fail && $0.value("pg_up") == 0 })
    }

    @Test("the wrong role is a fail, the right one a pass")
    func roles() async throws {
        let server = try await server()

        let wrong = try await PostgresTrial(server.localURL, #", "role": "standby""#).attempt()
        let right = try await PostgresTrial(server.localURL, #", "role": "primary""#).attempt()

        #expect(wrong.outcome == .fail)
        #expect(wrong.reason == "role.mismatch")
        #expect(right.outcome == .pass)
    }

    @Test(
        "what the configured query meets is told by its SQLSTATE",
        arguments: [
            ("SELECT * FROM nowhere", "query.missing"), ("SELEC 1", "query.failed"),
            ("SELECT 1/0", "query.failed"),
            ("SELECT * FROM pg_authid", "query.denied"), ("COPY (SELECT 1) TO STDOUT", "query.failed"),
            ("SELECT generate_series(1, 2000)", "query.large"),
        ])
    func queries(_ query: String, _ reason: String) async throws {
        let server = try await server()
        let trial = try PostgresTrial(server.localURL, #", "query": "\#(query)""#)

        let result = await trial.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == Reason(reason))
        #expect(result.value("pg_up") == 0)
    }

    @Test("a slow answer warns, and a locked table never holds more than one backend")
    func lockedTable() async throws {
        let server = try await server()
        let name = "vitald-locked"
        try await Workbench.aside { try server.sql("CREATE TABLE locked (); GRANT ALL ON locked TO vitald") }
        let lock = try await Workbench.aside {
            let lock = try server.session("BEGIN; LOCK TABLE locked; SELECT pg_sleep(600)", user: "postgres")
            try Workbench.wait(for: "the lock") {
                try server.sql(
                    "SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass AND granted") == "1"
            }
            return lock
        }
        let trial = try PostgresTrial(
            server.localURL + "&application_name=\(name)", #", "query": "SELECT count(*) FROM locked""#,
            timeout: .milliseconds(100))

        var reasons: [Reason?] = []
        for _ in 0..<20 {
            reasons.append(await trial.attempt().reason)
            let count = try await Workbench.aside { try server.backends(name).count }
            #expect(count <= 1)
        }

        // The server gives up first, so the connection is kept; on a busy machine vitald may, at whichever step it is.
        #expect(reasons.allSatisfy { $0?.code.hasPrefix("timeout.") == true }, "\(reasons)")
        #expect(reasons.contains { $0 == "timeout.lock" || $0 == "timeout.processing" }, "\(reasons)")
        let slow = try await PostgresTrial(
            server.localURL, #", "query": "SELECT pg_sleep(0.05)", "warnLatency": "40ms""#
        ).attempt()
        #expect(slow.outcome == .warn)
        #expect(slow.reason == "slow")
        _ = lock
    }

    @Test("the connection is kept for a minute and then renewed, one at a time")
    func reconnects() async throws {
        let server = try await server()
        let name = "vitald-kept"
        let trial = try PostgresTrial(server.localURL + "&application_name=\(name)")

        _ = await trial.attempt()
        let first = try await Workbench.aside { try server.backends(name) }
        trial.time.advance(by: .seconds(20))
        _ = await trial.attempt()
        let second = try await Workbench.aside { try server.backends(name) }
        trial.time.advance(by: .seconds(41))
        _ = await trial.attempt()
        let third = try await Workbench.aside {
            try Workbench.wait(for: "the old connection to go") { try server.backends(name).count == 1 }
            return try server.backends(name)
        }

        #expect(first.count == 1)
        #expect(second == first)
        #expect(third.count == 1)
        #expect(third != first)
    }

    @Test("a connection that was ended while idle is replaced without a failure")
    func terminated() async throws {
        let server = try await server()
        let name = "vitald-ended"
        let trial = try PostgresTrial(server.localURL + "&application_name=\(name)")
        _ = await trial.attempt()
        let pid = try await Workbench.aside {
            let pid = try #require(try server.backends(name).first)
            try server.sql("SELECT pg_terminate_backend(\(pid), 5000)")
            return pid
        }

        let healed = await trial.attempt()

        #expect(healed.outcome == .pass)
        let now = try await Workbench.aside { try server.backends(name) }
        #expect(now.count == 1)
        #expect(now.first != pid)
        trial.probe.close()
        try await Workbench.aside {
            try Workbench.wait(for: "the connection to be let go") { try server.backends(name).isEmpty }
        }
    }

    @Test("statistics come as postgres_exporter's families, and nothing else changes")
    func statistics() async throws {
        let server = try await server()
        let trial = try PostgresTrial(server.localURL, #", "statistics": true"#)

        let result = await trial.attempt()

        #expect(result.outcome == .pass)
        #expect(result.value("pg_settings_max_connections") == 100)
        #expect(result.value("pg_settings_superuser_reserved_connections") == 3)
        #expect(result.value("pg_replication_is_replica") == 0)
        #expect(result.value("pg_replication_lag_seconds") == 0)
        #expect(result.value("pg_exporter_last_scrape_error") == 0)
        #expect((result.value("pg_database_size_bytes", ["datname": "agno_data"]) ?? 0) > 1_000_000)
        #expect((result.value("pg_stat_database_xact_commit", ["datname": "agno_data"]) ?? 0) > 0)
        #expect(
            result.value("pg_stat_activity_count", ["datname": "agno_data", "state": "idle in transaction"])
                == 0)
        #expect(
            result.value("pg_stat_activity_max_tx_duration", ["datname": "agno_data", "state": "active"])
                != nil)
    }

    @Test("a source of statistics that is not allowed is absent, and the check passes")
    func deniedStatistics() async throws {
        let server = try await server()
        try await Workbench.aside {
            _ = try server.sql("CREATE DATABASE closed", in: "postgres")
            try server.sql(
                "REVOKE ALL ON pg_catalog.pg_stat_database FROM PUBLIC; GRANT CONNECT ON DATABASE closed TO vitald",
                in: "closed")
        }
        let url = "host=\(server.directory) port=\(server.port) user=vitald dbname=closed"
        let trial = try PostgresTrial(url, #", "statistics": true"#)

        let result = await trial.attempt()

        #expect(result.outcome == .pass)
        #expect(result.value("pg_stat_database_xact_commit") == nil)
        #expect(result.value("pg_settings_max_connections") == 100)
        #expect(result.value("pg_exporter_last_scrape_error") == 0)
    }

    @Test("a name that stops resolving is answered from memory, and the result says so")
    func lastGoodAddress() async throws {
        let server = try await server()
        let names = FlakyNames()
        let trial = try PostgresTrial(
            "postgresql://vitald:\(PostgresServer.password)@db.example:\(server.port)/agno_data",
            lookup: names.lookup)

        let fine = await trial.attempt()
        names.isBroken.store(true, ordering: .sequentiallyConsistent)
        trial.time.advance(by: .seconds(61))
        let remembered = await trial.attempt()
        names.isBroken.store(false, ordering: .sequentiallyConsistent)
        let healed = await trial.attempt()

        #expect(fine.outcome == .pass)
        #expect(remembered.outcome == .pass)
        #expect(remembered.reason == "dns.failed")
        #expect(
            remembered.message.contains("an earlier address was used: the name db.example does not resolve"))
        #expect(remembered.value("pg_up") == 1)
        #expect(healed.outcome == .pass)
        #expect(healed.reason == nil)
    }
}
