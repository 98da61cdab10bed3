// SPDX-License-Identifier: Apache-2.0

import Threads
import Vitals

/// What ends a statement on the server once vitald no longer waits for it. A backend whose client is gone notices that
/// only when it next writes or reads: without a guard each attempt that waits for a lock would leave one behind.
enum PostgresGuard {
    /// Settings of the session, which the server took from the start parameter `options`: a statement may run so long.
    case session(Duration)
    /// Settings that go along with each statement, in its transaction: a pooler refuses or ignores `options`, and
    /// settings of a session would stay behind with somebody else.
    case statement
    /// Nothing: the other side refuses settings too. A statement that is late is cancelled, and as long as it runs no
    /// other one is sent.
    case none

    var isSession: Bool { if case .session = self { true } else { false } }

    /// Which guard is in force where `options` were accepted: a pooler may have done so only to ignore them
    /// (PgBouncer's `ignore_startup_parameters`), and what one server connection has says nothing about the next one.
    ///
    /// - Parameter limits: what was asked for.
    static func inForce(
        _ connection: PostgresConnection, _ limits: PostgresLimits, _ countdown: Countdown
    ) throws(PostgresFailure) -> PostgresGuard {
        let rows = try connection.rows(of: query, countdown)
        guard let row = rows.first, row.count == 2, let backend = row[0].flatMap({ Int32($0) }),
            backend == connection.backend, let setting = row[1].flatMap({ PostgresLimits.milliseconds($0) }),
            setting > 0, setting <= limits.statement
        else { return .statement }
        return .session(.milliseconds(setting))
    }

    private static let query = """
        SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('statement_timeout')
        """
}
