// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// Why a server takes no second connection of vitald's while the first one is open (SQLSTATE 53300 for all of it).
enum PostgresRoom {
    /// Others have taken the server's connections: it is saturated.
    case takenByOthers
    /// Our own connection may be the one that is in the way: a limit of the role or of the database is reached, or
    /// nobody else is there, or the server does not tell.
    case maybeTakenByUs

    // A limit of -1 is none. Without pg_read_all_stats the type of foreign backends is hidden, their database and
    // user are not.
    private static let query = """
        SELECT \
        (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user), \
        (SELECT count(*) FROM pg_stat_activity WHERE usename = session_user AND \(isClient)), \
        (SELECT datconnlimit FROM pg_database WHERE datname = current_database()), \
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \(isClient)), \
        \(PostgresUse.available), \
        (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND \(isClient))
        """
    private static let isClient = "coalesce(backend_type, 'client backend') = 'client backend'"

    /// Asks the connection that is open.
    static func read(_ session: PostgresSession, _ countdown: Countdown) -> PostgresRoom {
        guard let row = try? session.rows(of: query, countdown).first, row.count == 6 else {
            return .maybeTakenByUs
        }
        let figures = row.compactMap { $0.flatMap { Int64($0) } }
        guard figures.count == 6 else { return .maybeTakenByUs }
        let isRoleFull = figures[0] >= 0 && figures[1] >= figures[0]
        let isDatabaseFull = figures[2] >= 0 && figures[3] >= figures[2]
        let isServerFull = figures[5] >= figures[4] && figures[5] > 1
        return isServerFull && !isRoleFull && !isDatabaseFull ? .takenByOthers : .maybeTakenByUs
    }
}
