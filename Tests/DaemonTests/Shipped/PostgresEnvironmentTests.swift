// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("What libpq would take from the environment, and the shipped binary")
struct PostgresEnvironmentTests {
    @Test(
        "connections are what the configuration says, whatever variables and files of psql there are",
        .enabled(if: LocalPostgres.binaries != nil, "Postgres is not installed: apt install postgresql"))
    func poisoned() async throws {
        let server = try LocalPostgres()
        let program = try await server.start()
        let home = try TestDirectory()
        try home.write(".pgpass", "*:*:*:*:\(LocalPostgres.password)\n")
        try home.write(".pg_service.conf", "[agno]\nhost=192.0.2.1\n")
        try #require(mkdir("\(home.path)/.postgresql", 0o700) == 0)
        try home.write(".postgresql/root.crt", "no certificate\n")
        try home.write(".postgresql/postgresql.crt", "no certificate\n")
        // Each of them alone keeps libpq from connecting, or lets it in without a configured password.
        let environment = [
            "HOME": home.path, "PGHOST": "/nonexistent", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1",
            "PGUSER": "nobody", "PGDATABASE": "none", "PGPASSFILE": "\(home.path)/.pgpass",
            "PGSERVICE": "agno",
            "PGSERVICEFILE": "\(home.path)/.pg_service.conf", "PGSYSCONFDIR": home.path,
            "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/nonexistent", "PGCHANNELBINDING": "require",
            "PGTARGETSESSIONATTRS": "standby", "PGOPTIONS": "-c nonsense=1", "PGCLIENTENCODING": "bogus",
            "PGREQUIREPEER": "nobody", "PGGSSENCMODE": "require", "PGCONNECT_TIMEOUT": "abc",
            "PGSSLMINPROTOCOLVERSION": "bogus", "PGPASSWORD": LocalPostgres.password,
        ]
        let url = "127.0.0.1:\(server.port)/postgres"
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "900ms" },
              "checks": [
                { "name": "reference", "type": "postgres", "url": "postgresql://vitald:${PGPASSWORD}@\(url)" },
                { "name": "local", "type": "postgres",
                  "url": "host=\(server.directory.path) port=\(server.port) user=vitald password=${PGPASSWORD} dbname=postgres" },
                { "name": "none", "type": "postgres", "url": "postgresql://vitald@\(url)" },
                { "name": "encrypted", "type": "postgres", "url": "postgresql://vitald:${PGPASSWORD}@\(url)?sslmode=require" }
              ] }
            """, environment: environment
        ).serving()

        for name in ["reference", "local"] {
            try await Wait.until("\(name) to pass") {
                let check = try await daemon.check(name)
                #expect(check["outcome"]?.string != "fail", "\(check["message"]?.string ?? "")")
                return check["outcome"]?.string == "pass"
            }
        }
        // Neither ~/.pgpass nor PGPASSWORD is the configuration.
        try await Wait.until("the missing password") {
            try await daemon.check("none")["reason"]?.string == "credential.missing"
        }
        // The server has no TLS; a root.crt that is none would have been another failure.
        try await Wait.until("the missing TLS") {
            try await daemon.check("encrypted")["reason"]?.string == "tls.failed"
        }
        // References still stand for what was set, also when the configuration is read again.
        let reloaded = try await daemon.call("reload")
        #expect(reloaded["error"] == nil)
        try await Wait.until("the reference to pass again") {
            try await daemon.check("reference")["outcome"]?.string == "pass"
        }
        try await daemon.stop()
        #expect(!daemon.log.contains(LocalPostgres.password))
        try await program.stop()
    }
}
