// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A real Postgres of its own, on a Unix socket and a port of the loopback; gone when nobody holds it.
final class PostgresServer: Sendable {
    /// The password of the role `vitald`; must appear nowhere.
    static let password = "CANARY-8d1f"

    let directory: String
    let port: UInt16
    let process: Spawned

    static let isInstalled = access("\(binaries)/postgres", X_OK) == 0
    static let skipReason: Comment = "Postgres is not installed: apt install postgresql"

    /// Where the server's programs are; Debian keeps them out of the PATH.
    static let binaries: String = {
        if let found = try? Spawned.run(["pg_config", "--bindir"]), found.status == 0 {
            let path = String(found.output.prefix { $0 != "\n" })
            if access("\(path)/postgres", X_OK) == 0 { return path }
        }
        for version in stride(from: 20, to: 12, by: -1) {
            let path = "/usr/lib/postgresql/\(version)/bin"
            if access("\(path)/postgres", X_OK) == 0 { return path }
        }
        return "/usr/lib/postgresql/15/bin"
    }()

    /// The server refuses to run as root.
    static let asUser: [String] = {
        guard geteuid() == 0 else { return [] }
        let user = getpwnam("postgres") == nil ? "nobody" : "postgres"
        return ["setpriv", "--reuid=\(user)", "--regid=\(getpwnam(user).pointee.pw_gid)", "--clear-groups"]
    }()

    /// A data directory with the role and the database, made once and copied for each server.
    private static let template = Result { try Template() }

    private final class Template: Sendable {
        let directory: String
        let lifetime: Spawned

        init() throws {
            directory = try PostgresServer.ownedDirectory()
            // Holds the directory until the tests are over.
            lifetime = try Spawned(["tail", "-f", "/dev/null"], directory: directory, ending: "KILL")
            let made = try Spawned.run(
                PostgresServer.asUser + [
                    "\(PostgresServer.binaries)/initdb", "-D", "\(directory)/data", "-U", "postgres",
                    "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--wal-segsize=1",
                    "--locale=C", "--encoding=UTF8",
                ])
            try #require(made.status == 0, "initdb: \(made.output)")
            let port = try Workbench.freePort()
            let server = try PostgresServer.start(
                directory, port, [], lasting: Workbench.directory("log"))
            try PostgresServer.waitUntilReady(directory)
            _ = try PostgresServer.psql(
                directory, port, "postgres", "CREATE ROLE vitald LOGIN PASSWORD '\(PostgresServer.password)'")
            _ = try PostgresServer.psql(directory, port, "postgres", "CREATE DATABASE agno_data OWNER vitald")
            server.signal(SIGINT)
            try Workbench.wait(for: "the template's end") {
                access("\(directory)/data/postmaster.pid", F_OK) != 0
            }
        }
    }

    /// How the data come to be.
    enum Data {
        case fresh
        case standby(of: PostgresServer)
        /// A standby that receives nothing.
        case orphan
    }

    /// Starts one and waits until it is ready.
    init(_ data: Data = .fresh, settings: [String] = [], waiting: Bool = true) throws {
        (process, port) = try Workbench.listening { port in
            // A directory for each try: it goes with the program.
            let directory = try Self.ownedDirectory()
            let process = try Self.start(directory, port, settings + Self.fill(directory, data))
            let socket = "\(directory)/.s.PGSQL.\(port)"
            try Workbench.wait(for: "the socket") { process.hasEnded || Workbench.listens(socket) }
            return process
        }
        directory = process.directory
        if waiting { try Self.waitUntilReady(directory) }
    }

    /// Makes the data and gives the settings that go with them.
    private static func fill(_ directory: String, _ data: Data) throws -> [String] {
        var settings: [String] = []
        switch data {
        case .fresh, .orphan:
            let template = try Self.template.get()
            try #require(
                Spawned.run(Self.asUser + ["cp", "-a", "\(template.directory)/data", "\(directory)/data"])
                    .status == 0)
        case .standby(let primary):
            let copied = try Spawned.run(
                Self.asUser + [
                    "\(Self.binaries)/pg_basebackup", "-h", primary.directory, "-p", "\(primary.port)", "-U",
                    "postgres", "-D", "\(directory)/data", "-X", "stream", "-c", "fast", "--no-sync",
                ])
            try #require(copied.status == 0, "pg_basebackup: \(copied.output)")
            settings.append("primary_conninfo=host=\(primary.directory) port=\(primary.port) user=postgres")
        }
        if case .fresh = data { return settings }
        try #require(Spawned.run(Self.asUser + ["touch", "\(directory)/data/standby.signal"]).status == 0)
        return settings
    }

    /// `lasting` is the directory that goes with the server, where it is not its own.
    private static func start(
        _ directory: String, _ port: UInt16, _ settings: [String], lasting: String? = nil
    ) throws -> Spawned {
        var words =
            asUser + ["\(binaries)/postgres", "-D", "\(directory)/data", "-k", directory, "-p", "\(port)"]
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "autovacuum=off"] + settings {
            words += ["-c", setting]
        }
        return try Spawned(words, directory: lasting ?? directory, ending: "QUIT")
    }

    static func ownedDirectory() throws -> String {
        let directory = try Workbench.directory("pg")
        if geteuid() == 0, let user = getpwnam("postgres") ?? getpwnam("nobody") {
            try #require(chown(directory, user.pointee.pw_uid, user.pointee.pw_gid) == 0)
        }
        return directory
    }

    private static func waitUntilReady(_ directory: String) throws {
        // The eighth line of postmaster.pid: "starting", then "ready" (or "standby").
        try Workbench.wait(for: "Postgres to be ready") {
            let lines = try Spawned.run(["cat", "\(directory)/data/postmaster.pid"]).output.split(
                separator: "\n")
            return lines.count >= 8 && lines[7].hasPrefix("ready")
        }
    }

    /// Runs SQL as the superuser and gives its output.
    @discardableResult
    func sql(_ text: String, in database: String = "agno_data") throws -> String {
        try Self.psql(directory, port, database, text)
    }

    private static func psql(_ directory: String, _ port: UInt16, _ database: String, _ text: String) throws
        -> String
    {
        let done = try Spawned.run([
            "\(binaries)/psql", "-X", "-h", directory, "-p", "\(port)", "-U", "postgres", "-d", database,
            "-Atqc", text,
        ])
        try #require(done.status == 0, "psql: \(done.output)")
        return String(done.output.prefix { $0 != "\n" })
    }

    /// A session that runs SQL until it is let go.
    func session(_ text: String, user: String = "vitald") throws -> Spawned {
        try Spawned(
            [
                "\(Self.binaries)/psql", "-X", "-h", directory, "-p", "\(port)", "-U", user, "-d",
                "agno_data", "-c",
                text,
            ], directory: Workbench.directory("psql"), ending: "KILL")
    }

    /// A session that holds a table locked until it is killed: its backend looks for its client while it sleeps.
    func lock(_ table: String) throws -> Spawned {
        let lock = try session(
            """
            SET client_connection_check_interval = 100; BEGIN; LOCK TABLE \(table);
            DO $$ BEGIN RAISE NOTICE 'locked'; PERFORM pg_sleep(600); END $$
            """, user: "postgres")
        try Workbench.wait(for: "the lock") { lock.log.contains("locked") }
        return lock
    }

    /// Backends of a probe that calls itself so.
    func backends(_ application: String) throws -> [pid_t] {
        try sql(
            "SELECT coalesce(string_agg(pid::text, ','), '') FROM pg_stat_activity WHERE application_name = '\(application)'"
        )
        .split(separator: ",").compactMap { pid_t($0) }
    }

    /// Backends that serve the role of the probes, in whatever state: `idle`, `active` …
    func states() throws -> [String] {
        try sql(
            "SELECT coalesce(string_agg(coalesce(state, '?'), ',' ORDER BY state), '') FROM pg_stat_activity WHERE usename = 'vitald'",
            in: "postgres"
        )
        .split(separator: ",").map(String.init)
    }

    /// The processes that serve the role of the probes, as the system sees them: works while catalogs are locked, and
    /// takes no connection.
    func processes() throws -> [pid_t] {
        let script =
            "for p in $(cat /proc/$1/task/$1/children); do echo $p $(tr '\\0' ' ' </proc/$p/cmdline); done 2>&1"
        let titles = try Spawned.run(["sh", "-c", script, "sh", "\(process.pid)"]).output
        return titles.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.count > 2 && words[1] == "postgres:" && words[2] == "vitald" ? pid_t(words[0]) : nil
        }
    }

    /// A url through the loopback, with the password.
    var url: String { "postgresql://vitald:\(Self.password)@127.0.0.1:\(port)/agno_data" }

    /// A url through the Unix socket; no password is asked for.
    var localURL: String { "postgresql:///agno_data?host=\(directory)&port=\(port)&user=vitald" }
}
