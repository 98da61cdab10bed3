// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// Whether a server leads or follows, and how far it is behind.
struct PostgresRole: Hashable {
    let isStandby: Bool
    /// Seconds between the last replayed transaction and now; nil on a primary, and on a standby that has
    /// replayed none yet.
    var lag: Double?

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

    /// Whether it leads; nil where it answers with nothing.
    static func read(_ session: PostgresSession, _ countdown: Countdown) throws(PostgresFailure)
        -> PostgresRole?
    {
        let answer = try session.rows(of: query, extra: .role, countdown)
        return (answer.first?.first ?? nil).map { PostgresRole(isStandby: $0 == "t", lag: nil) }
    }

    /// How far a standby is behind; nil where it has replayed nothing yet.
    static func readLag(_ session: PostgresSession, _ countdown: Countdown) throws(PostgresFailure)
        -> Double?
    {
        let answer = try session.rows(of: lagQuery, extra: .lag, countdown)
        return (answer.first?.first ?? nil).flatMap { Double($0) }
    }
}
