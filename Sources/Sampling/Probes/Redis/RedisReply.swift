// SPDX-License-Identifier: Apache-2.0

/// One reply of the Redis protocol (RESP 2).
enum RedisReply: Hashable, Sendable {
    case status(String)
    /// `CODE and a sentence`; the code alone is stable.
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case array([RedisReply])

    /// The first word of an error reply: `LOADING`, `NOAUTH`, `ERR`.
    var errorCode: String? {
        guard case .error(let text) = self else { return nil }
        return String(text.prefix { $0 != " " })
    }
}
