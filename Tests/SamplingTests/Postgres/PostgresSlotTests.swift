// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import Sampling

@Suite(
    "Postgres: vitald's own connections on the server",
    .enabled(if: PostgresServer.isInstalled || Workbench.isCI, PostgresServer.skipReason))
struct PostgresSlotTests {
    @Test(
        "where there is a place for one connection only, the old one goes first, and nothing is saturated",
        arguments: [
            ("ALTER ROLE vitald CONNECTION LIMIT 1", []),
            ("ALTER DATABASE agno_data CONNECTION LIMIT 1", []),
            ("SELECT 1", ["max_connections=4", "superuser_reserved_connections=3", "max_wal_senders=0"]),
        ])
    func lastPlace(_ limit: String, _ settings: [String]) async throws {
        let server = try await Workbench.aside {
            let server = try PostgresServer(settings: settings)
            try server.sql(limit, in: "postgres")
            return server
        }
        let trial = try PostgresTrial(server.localURL)

        var results: [ProbeResult] = []
        var seen: [[pid_t]] = []
        for _ in 0..<8 {
            results.append(await trial.attempt())
            seen.append(try await Workbench.aside { try server.processes() })
            trial.time.advance(by: .seconds(61))
        }
        let renewed = await trial.attempt()
        try await Workbench.aside {
            let pid = try #require(try server.processes().first)
            kill(pid, SIGTERM)
            try Workbench.wait(for: "the backend to end") { try !server.processes().contains(pid) }
        }
        let replaced = await trial.attempt()

        #expect(results.allSatisfy { $0.outcome == .pass && $0.reason == nil }, "\(results.map(\.message))")
        #expect(seen.allSatisfy { $0.count == 1 }, "\(seen)")
        // The first refusal tells; from then on the old one goes first.
        #expect(Set(seen).count == 7, "\(seen)")
        #expect(results.flatMap { $0.remarks }.count == 1)
        #expect(renewed.outcome == .pass)
        #expect(replaced.outcome == .pass)
        // Whoever is really too many is told so.
        let second = try await PostgresTrial(server.localURL).attempt()
        #expect(second.reason == "saturated")
        #expect(second.outcome == .fail)
    }

    @Test("a check that takes over from another one, as at a reload, waits for that one's place")
    func handOver() async throws {
        let server = try await Workbench.aside {
            let server = try PostgresServer()
            try server.sql("ALTER ROLE vitald CONNECTION LIMIT 1")
            return server
        }

        for _ in 0..<5 {
            let old = try PostgresTrial(server.localURL)
            #expect(await old.attempt().outcome == .pass)
            old.probe.close()
            let new = try PostgresTrial(server.localURL)
            let result = await new.attempt()
            #expect(result.outcome == .pass, "\(result.message)")
            new.probe.close()
            try await Workbench.aside {
                try Workbench.wait(for: "the connection to go") { try server.states().isEmpty }
            }
        }
    }

    @Test(
        "a catalog that is locked holds one backend of vitald's, and two at most after a minute, not one an attempt",
        arguments: ["pg_database", "pg_authid"])
    func lockedCatalog(_ catalog: String) async throws {
        let server = try await Workbench.aside { try PostgresServer(settings: ["max_connections=15"]) }
        let trial = try PostgresTrial(server.localURL, timeout: .milliseconds(200))
        let lock = try await Workbench.aside { try server.lock(catalog) }

        let started = trial.time.now
        var early = 0
        for _ in 0..<10 {
            #expect(await trial.attempt().reason?.code.hasPrefix("timeout.") == true)
            let count = try await Workbench.aside { try server.processes().count }
            // On a very busy machine these attempts might take more than the minute.
            if trial.time.now - started < PostgresDialer.secondAfter { early = max(early, count) }
        }
        var most = early
        for _ in 0..<10 {
            trial.time.advance(by: .seconds(61))
            #expect(await trial.attempt().reason?.code.hasPrefix("timeout.") == true)
            most = max(most, try await Workbench.aside { try server.processes().count })
        }
        lock.signal(SIGKILL)
        let patient = try await PostgresTrial(server.localURL).attempt()
        var last = await trial.attempt()
        for _ in 0..<50 where last.outcome != .pass { last = await trial.attempt() }

        // A second one is tried, because the first may hang in a proxy; no third.
        #expect(early <= 1)
        #expect(most <= 2)
        #expect(patient.outcome == .pass)
        #expect(last.outcome == .pass, "\(last.message)")
    }

    @Test(
        "a transaction that the query leaves open is ended at once", arguments: ["BEGIN; SELECT 1", "BEGIN"])
    func openTransaction(_ query: String) async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        let trial = try PostgresTrial(server.localURL, #", "query": "\#(query)""#)

        let first = await trial.attempt()
        let second = await trial.attempt()

        #expect(first.outcome == .pass)
        #expect(first.fact("role") == .text("primary"))
        #expect(second.phases.map(\.phase) == [.processing])
        #expect(try await Workbench.aside { try server.states() } == ["idle"])
    }

    @Test("limits of the user's own that are longer than the attempt, or off, do not let a statement go on")
    func ownLimits() async throws {
        let server = try await Workbench.aside { try PostgresServer() }
        try await Workbench.aside { try server.sql("ALTER ROLE vitald SET statement_timeout = '1h'") }
        for options in ["", "&options=-c%20statement_timeout%3D0%20-c%20lock_timeout%3D0"] {
            let trial = try PostgresTrial(
                server.localURL + options, #", "query": "SELECT pg_sleep(600)""#, timeout: .milliseconds(300))

            let result = await trial.attempt()

            #expect(result.reason == "timeout.processing")
            try await Workbench.aside {
                try Workbench.wait(for: "the statement to end") {
                    try server.states().allSatisfy { $0 == "idle" }
                }
            }
        }
    }
}
