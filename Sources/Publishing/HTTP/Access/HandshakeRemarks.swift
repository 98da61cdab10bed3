// SPDX-License-Identifier: Apache-2.0

import Vitals

/// That a handshake failed, and why.
package struct HandshakeRemark: Sendable, Equatable {
    /// Whose.
    package let client: String
    /// The TLS library's words.
    package let reason: String
    /// How many others failed since the last remark.
    package let others: Int
}

/// Makes one remark of many handshakes that fail: of the first at once, then of one each minute.
struct HandshakeRemarks {
    private var limit = RepeatLimit()

    /// Hears of one; gives a remark where one is due.
    mutating func hear(_ reason: String, of client: String, at now: Instant) -> HandshakeRemark? {
        limit.admit(at: now).map { HandshakeRemark(client: client, reason: reason, others: $0) }
    }
}
