// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The keywords with which libpq connects for a check.
struct PostgresParameters {
    /// Which of the start parameters are sent that the check can do without, and that not everything which speaks
    /// Postgres takes.
    enum Extras {
        /// The limits of statements, the options of the url, a name for the connection.
        case all
        /// Not the limits.
        case given
        /// Only the name.
        case nameOnly
        case bare
    }

    let kind: PostgresKind
    /// The resolved address; nil for a Unix socket.
    let address: String?
    /// The check's timeout.
    let timeout: Duration

    /// The limits of a session.
    var limits: PostgresLimits { PostgresLimits(within: timeout) }

    private var hasOptions: Bool { kind.database.parameters.contains { $0.keyword == "options" } }

    /// The next smaller set, and what it leaves out.
    func fewer(than extras: Extras) -> (extras: Extras, without: PostgresExtra)? {
        switch extras {
        case .all: (hasOptions ? .given : .nameOnly, .options)
        case .given: (.nameOnly, .givenOptions)
        case .nameOnly: (.bare, .applicationName)
        case .bare: nil
        }
    }

    /// What is sent after these refusals.
    func extras(after refusals: PostgresRefusals) -> Extras {
        if refusals.cause(.applicationName) != nil { return .bare }
        if refusals.cause(.givenOptions) != nil { return .nameOnly }
        if refusals.cause(.options) != nil { return hasOptions ? .given : .nameOnly }
        return .all
    }

    /// All keywords; the last of equal ones wins (PQconnectStartParams).
    func list(_ extras: Extras) -> [(keyword: String, value: String)] {
        let target = kind.database
        var list: [(keyword: String, value: String)] = [
            ("gssencmode", "disable"), ("host", target.host),
            ("port", "\(target.port)"), ("user", target.user), ("dbname", target.database),
            // Data that nobody acknowledges must not keep a dead connection alive for 15 minutes.
            ("tcp_user_timeout", "\(max(1, timeout.nanoseconds / 1_000_000))"),
        ]
        // Nor are files of the home directory taken that nobody configured (~/.pgpass, ~/.postgresql/…).
        for keyword in ["passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl"] {
            list.append((keyword, Self.noFile))
        }
        if extras != .bare { list.append(("application_name", "vitald")) }
        if let address { list.append(("hostaddr", address)) }
        if let password = kind.password { password.reveal { list.append(("password", $0)) } }
        var options = extras == .all ? [limits.options] : []
        for parameter in target.parameters {
            switch parameter.keyword {
            case "options":
                // Behind ours: who writes a statement_timeout means it.
                if extras == .all || extras == .given { options.append(parameter.value) }
            case "application_name", "fallback_application_name":
                if extras != .bare { list.append((parameter.keyword, parameter.value)) }
            default: list.append((parameter.keyword, parameter.value))
            }
        }
        if !options.isEmpty { list.append(("options", options.joined(separator: " "))) }
        return list
    }

    /// What cannot exist, so that libpq looks no further.
    private static let noFile = "/dev/null/none"
}
