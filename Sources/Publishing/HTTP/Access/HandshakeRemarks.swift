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
    /// Who has the wrong certificate tries again every few seconds; a scanner of ports far more often.
    static let pause = Duration.seconds(60)

    private var last: Instant?
    private var others = 0

    /// Hears of one; gives a remark where one is due.
    mutating func hear(_ reason: String, of client: String, at now: Instant) -> HandshakeRemark? {
        if let last, now - last < Self.pause {
            others += 1
            return nil
        }
        defer { (last, others) = (now, 0) }
        return HandshakeRemark(client: client, reason: reason, others: others)
    }
}
