// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Why a connection or a query to Postgres came to nothing.
enum PostgresFailure: Error {
    /// The deadline passed at this step.
    case timeout(ProbePhase)
    /// The server said why, at this step.
    case server(SQLState, ProbePhase)
    /// The connection ended at this step, without a word from the server.
    case lost(ProbePhase)
    /// The server wants a password and there is none.
    case passwordMissing
    /// The configured query answers with more rows than anybody needs.
    case tooManyRows

    /// Whether the connection is of no use any more although nothing is wrong with the target by that alone:
    /// it was idle too long, a firewall forgot it, an operator ended it, the server was restarted.
    var endsKeptConnection: Bool {
        switch self {
        case .lost: true
        // Class 57P: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout; 08: connection;
        // 25P03: idle_in_transaction_session_timeout.
        case .server(let state, _): state.code.hasPrefix("57P") || state.kind == "08" || state == "25P03"
        case .timeout, .passwordMissing, .tooManyRows: false
        }
    }
}
