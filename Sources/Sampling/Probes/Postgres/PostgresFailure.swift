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
        // Class 57P: admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout; 08: connection, but
        // for 08P01, with which a pooler refuses what it does not know; 25P03: idle_in_transaction_session_timeout.
        case .server(let state, _):
            state.code.hasPrefix("57P") || state.kind == "08" && state != "08P01" || state == "25P03"
        case .timeout, .passwordMissing, .tooManyRows: false
        }
    }

    /// Whether the server or a proxy refuses what it was asked, as such: it is not known, not supported, not allowed.
    /// Not so what is about its state, which may be over in a moment (class 53, 57, 55, 40).
    var isRefusal: Bool {
        guard case .server(let state, _) = self else { return false }
        return !endsKeptConnection && !["53", "55", "57", "40"].contains(state.kind)
    }

    /// Whether the server gave up on a statement or on a lock, at the limit that it was given.
    var isLimitReached: Bool {
        guard case .server(let state, _) = self else { return false }
        return state == "57014" || state == "55P03"
    }

    /// Whether the other side may have closed the connection because of what it was asked.
    var mayBeHungUp: Bool {
        if case .lost = self { true } else { isRefusal }
    }

    /// Whether leaving out start parameters that the check does not need may help: it was not the login itself that
    /// was refused.
    var mayBeForStartParameters: Bool {
        switch self {
        case .lost(.authenticate): true
        case .server(_, .processing): false
        // 28: user and password; 3D: the database; 42501: the right to connect; the others: the server's state.
        case .server(let state, _):
            !["28", "3D", "53", "55", "57", "40"].contains(state.kind) && state != "42501"
        case .timeout, .lost, .passwordMissing, .tooManyRows: false
        }
    }

    /// How something was refused that was answered by this.
    var cause: PostgresRefusals.Cause {
        switch self {
        case .server where isLimitReached: .late
        case .server(let state, _): .code("SQLSTATE \(state)")
        case .timeout: .late
        case .tooManyRows: .large
        case .lost, .passwordMissing: .closed
        }
    }
}
