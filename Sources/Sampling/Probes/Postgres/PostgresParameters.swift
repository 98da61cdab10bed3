// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The keywords with which libpq connects for a check.
struct PostgresParameters {
    let kind: PostgresKind
    /// The resolved address; nil for a Unix socket.
    let address: String?
    /// The check's timeout.
    let timeout: Duration

    /// Connects; a server in between that takes no `options` (PgBouncer: 08P01) is asked once more without.
    func open(_ countdown: Countdown, _ log: PhaseLog) throws(PostgresFailure) -> PostgresConnection {
        do throws(PostgresFailure) {
            return try PostgresConnection.open(list(withOptions: true), countdown, log)
        } catch .server("08P01", _) {
            return try PostgresConnection.open(list(withOptions: false), countdown, log)
        }
    }

    /// All of them; the last of equal ones wins (PQconnectStartParams).
    func list(withOptions: Bool) -> [(keyword: String, value: String)] {
        let target = kind.database
        var list: [(keyword: String, value: String)] = [
            ("application_name", "vitald"), ("gssencmode", "disable"), ("host", target.host),
            ("port", "\(target.port)"), ("user", target.user), ("dbname", target.database),
            // Data that nobody acknowledges must not keep a dead connection alive for 15 minutes.
            ("tcp_user_timeout", "\(milliseconds(10))"),
        ]
        // Nor are files of the home directory taken that nobody configured (~/.pgpass, ~/.postgresql/…).
        for keyword in ["passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"] {
            list.append((keyword, Self.noFile))
        }
        if let address { list.append(("hostaddr", address)) }
        if let password = kind.password { password.reveal { list.append(("password", $0)) } }
        var options = "-c statement_timeout=\(milliseconds(9)) -c lock_timeout=\(milliseconds(8))"
        for parameter in target.parameters {
            if parameter.keyword == "options" {
                // Behind ours: who writes a statement_timeout means it.
                options += " " + parameter.value
            } else {
                list.append((parameter.keyword, parameter.value))
            }
        }
        if withOptions { list.append(("options", options)) }
        return list
    }

    /// What cannot exist, so that libpq looks no further.
    private static let noFile = "/dev/null/none"

    /// So many tenths of the timeout: the server gives up on a lock, then on the statement, before vitald gives up
    /// on the server, which keeps the connection.
    private func milliseconds(_ tenths: Int64) -> Int64 {
        max(1, timeout.nanoseconds / 10 * tenths / 1_000_000)
    }
}
