// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A real PgBouncer in front of a real Postgres; gone when nobody holds it.
final class PgBouncer: Sendable {
    let server: PostgresServer
    let directory: String
    let port: UInt16
    let process: Spawned

    static let isInstalled = Workbench.finds("pgbouncer")
    static let skipReason: Comment = "PgBouncer is not installed: apt install pgbouncer"

    /// Starts one for the database `agno_data`; whoever comes is let in.
    init(_ server: PostgresServer, mode: String = "transaction", settings: [String] = []) throws {
        self.server = server
        (process, port) = try Workbench.listening { port in
            let directory = try PostgresServer.ownedDirectory()
            let lines =
                [
                    "[databases]",
                    "agno_data = host=\(server.directory) port=\(server.port) user=vitald dbname=agno_data",
                    "[pgbouncer]", "listen_addr = 127.0.0.1", "listen_port = \(port)",
                    "unix_socket_dir = \(directory)", "auth_type = any", "admin_users = vitald",
                    "pool_mode = \(mode)",
                ] + settings
            let path = "\(directory)/pgbouncer.ini"
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            let text = Array((lines.joined(separator: "\n") + "\n").utf8)
            try #require(file >= 0 && write(file, text, text.count) == text.count)
            close(file)
            let process = try Spawned(
                PostgresServer.asUser + ["pgbouncer", path], directory: directory, ending: "KILL")
            let socket = "\(directory)/.s.PGSQL.\(port)"
            try Workbench.wait(for: "PgBouncer") { process.hasEnded || Workbench.listens(socket) }
            return process
        }
        directory = process.directory
    }

    func url(_ database: String = "agno_data") -> String {
        "postgresql:///\(database)?host=\(directory)&port=\(port)&user=vitald"
    }
}
