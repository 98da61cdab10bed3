// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One open connection to a server together with what speaks HTTP over it.
struct HTTPConnection {
    /// A connection is given up after this long, so that a dead name, address or certificate is noticed.
    static let longestLife = Duration.seconds(60)

    let connection: Connection
    let conversation: HTTPConversation

    /// Whether a further request may go over it at `instant`.
    func isUsable(at instant: Instant) -> Bool {
        conversation.isFree && instant - connection.opened < Self.longestLife
    }
}
