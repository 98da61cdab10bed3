// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The keywords with which libpq connects for a check.
struct PostgresParameters {
    /// Start parameters that the check can do without, and that not everything which speaks Postgres takes.
    enum Extras {
        case all, nameOnly, bare

        /// The next smaller set.
        var fewer: Extras? {
            switch self {
            case .all: .nameOnly
            case .nameOnly: .bare
            case .bare: nil
            }
        }
    }

    let kind: PostgresKind
    /// The resolved address; nil for a Unix socket.
    let address: String?
    /// The check's timeout.
    let timeout: Duration

    /// The limits of a session.
    var limits: PostgresLimits { PostgresLimits(within: timeout) }

    /// All of them; the last of equal ones wins (PQconnectStartParams). What the url says is always among them.
    func list(_ extras: Extras) -> [(keyword: String, value: String)] {
        let target = kind.database
        var list: [(keyword: String, value: String)] = [
            ("gssencmode", "disable"), ("host", target.host),
            ("port", "\(target.port)"), ("user", target.user), ("dbname", target.database),
            // Data that nobody acknowledges must not keep a dead connection alive for 15 minutes.
            ("tcp_user_timeout", "\(max(1, timeout.nanoseconds / 1_000_000))"),
        ]
        if extras != .bare { list.append(("application_name", "vitald")) }
        if let address { list.append(("hostaddr", address)) }
        if let password = kind.password { password.reveal { list.append(("password", $0)) } }
        var options = extras == .all ? [limits.options] : []
        for parameter in target.parameters {
            if parameter.keyword == "options" {
                // Behind ours: who writes a statement_timeout means it.
                options.append(parameter.value)
            } else {
                list.append((parameter.keyword, parameter.value))
            }
        }
        if !options.isEmpty { list.append(("options", options.joined(separator: " "))) }
        return list
    }
}
