// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Whether a server leads or follows, and how far it is behind.
struct PostgresRole: Hashable {
    let isStandby: Bool
    /// Seconds between the last replayed transaction and now; nil on a primary, and on a standby that has
    /// replayed none yet.
    let lag: Double?

    static let query = "SELECT pg_is_in_recovery()"

    // A standby that has replayed all it received is 0 behind, however long the primary has been idle, but only
    // while something still receives: without a receiver nobody knows, and the age of the last transaction says
    // at least how old its data are.
    static let lagQuery = """
        SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() \
        AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 \
        ELSE greatest(0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())) END
        """

    var word: String { isStandby ? "standby" : "primary" }

    static func read(_ connection: PostgresConnection, _ countdown: Countdown) throws(PostgresFailure)
        -> PostgresRole?
    {
        let answer = try connection.rows(of: query, countdown)
        guard let word = answer.first?.first ?? nil else { return nil }
        guard word == "t" else { return PostgresRole(isStandby: false, lag: nil) }
        let lag = try connection.rows(of: lagQuery, countdown).first?.first ?? nil
        return PostgresRole(isStandby: true, lag: lag.flatMap { Double($0) })
    }
}
