// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// How many of a server's connections are taken.
struct PostgresUse: Hashable {
    let taken: Int64
    /// Those an ordinary role may take: max_connections less what is reserved for superusers.
    let available: Int64

    /// At most 100: superusers may take more than what is there for the others.
    var percent: Double { available > 0 ? min(100, Double(taken) / Double(available) * 100) : 100 }

    // A role without pg_read_all_stats sees every row but not the type of foreign ones; a row with a database and
    // a user is a client's.
    static let query = """
        SELECT (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL \
        AND coalesce(backend_type, 'client backend') = 'client backend'), \
        \(available)
        """

    /// Postgres 16 keeps some for the members of pg_use_reserved_connections as well.
    static let available = """
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int \
        - coalesce(current_setting('reserved_connections', true), '0')::int
        """

    /// Reads it; nil where the server answers with something else.
    static func read(_ session: PostgresSession, _ countdown: Countdown) throws(PostgresFailure)
        -> PostgresUse?
    {
        let rows = try session.rows(of: query, extra: .connections, countdown)
        guard let row = rows.first, row.count == 2, let taken = row[0].flatMap({ Int64($0) }),
            let available = row[1].flatMap({ Int64($0) })
        else { return nil }
        return PostgresUse(taken: taken, available: available)
    }
}
