// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a check of Postgres asks for and can do without, in the words of the log and of the fact `refused`.
enum PostgresExtra: String, CustomStringConvertible {
    /// The start parameter `options`, with the limits of statements.
    case options = "the start parameter options"
    /// The same with what the url says.
    case givenOptions = "the start parameter options of the url"
    /// The start parameter `application_name`.
    case applicationName = "the start parameter application_name"
    /// Which process serves us and which limit it has.
    case inspection = "pg_backend_pid()"
    /// Limits that go along with each statement.
    case limits = "SET LOCAL statement_timeout"
    /// A transaction around the configured query.
    case transaction = "the query in a transaction"
    /// A second connection while the first one is open.
    case secondConnection = "a second connection"
    case role = "pg_is_in_recovery()"
    case lag = "the replication lag"
    case connections = "the count of connections"
    case settings = "pg_settings"
    case activity = "pg_stat_activity"
    case databases = "pg_stat_database"
    case sizes = "pg_database_size()"

    var description: String { rawValue }

    /// What it tells, for sentences about a check that needs it.
    var subject: String { self == .role ? "whether it is a primary" : rawValue }

    /// What vitald does without it.
    var consequence: String {
        switch self {
        case .options: "statement_timeout and lock_timeout are set for each query instead"
        case .givenOptions: "the session has the settings of the server"
        case .applicationName: "vitald's connections have no name there"
        case .inspection: "statement_timeout and lock_timeout are set for each query"
        case .limits, .transaction:
            "statement_timeout is not set; a query that takes too long is cancelled, and no other one is sent until it ends"
        case .secondConnection: "the old connection is closed before a new one is made"
        case .role: "the role is not known"
        case .lag: "how far the standby is behind is not known"
        case .connections: "connections are not counted"
        case .settings, .activity, .databases, .sizes: "its statistics are missing"
        }
    }
}
