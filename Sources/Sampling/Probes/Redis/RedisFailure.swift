// SPDX-License-Identifier: Apache-2.0

/// Why a connection or a request to Redis came to nothing.
enum RedisFailure: Error, Hashable {
    /// The deadline passed.
    case timeout
    /// The connection broke (errno(3)).
    case broken(errno: Int32)
    /// The server closed the connection.
    case closed
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
        case .broken, .closed: true
        case .timeout, .reply, .malformed, .oversized: false
        }
    }
}
