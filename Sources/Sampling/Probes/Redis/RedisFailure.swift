// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Why a connection or a request to Redis came to nothing.
enum RedisFailure: Error, Hashable {
    /// The deadline passed at this step.
    case timeout(ProbePhase)
    /// The socket did not connect, or broke, at this step.
    case socket(ConnectFailure, ProbePhase)
    /// The server closed the connection at this step.
    case closed(ProbePhase)
    /// An error reply where the connection was being set up, or to the question itself.
    case reply(code: String, text: String, to: Question)
    /// What came is not the protocol.
    case malformed
    /// A reply beyond the limits.
    case oversized

    /// What was asked when an error reply came.
    enum Question: Hashable {
        case auth, select, ping, command
    }

    /// Whether it only says that the kept connection is gone.
    var endsKeptConnection: Bool {
        switch self {
        case .socket, .closed: true
        case .timeout, .reply, .malformed, .oversized: false
        }
    }
}
