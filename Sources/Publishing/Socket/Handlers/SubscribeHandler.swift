// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// Answers `subscribe`.
struct SubscribeHandler: SessionHandler {
    let method = Subscribe.method
    let board: Board
    let unmeasured: @Sendable () -> [Unmeasured]

    func answer(_ call: SocketCall, of session: SocketSession, into result: inout JSONWriter)
        throws(SocketFault)
    {
        let asked = try Subscribe.topics(named: try call.texts("topics"))
        let since = try call.integer("since_seq", within: 0...Int64.max)
        let opening = board.opening(
            asked, since: since.map { UInt64(clamping: $0) }, epoch: try call.text("epoch"),
            unmeasured: unmeasured)
        opening.reply.write(into: &result)
        session.topics = Set(asked)
        session.heard = opening.reply.sequence
        if opening.reply.lost { session.noteLoss(opening.missing, at: opening.reply.sequence) }
    }
}

/// Answers `unsubscribe`.
struct UnsubscribeHandler: SessionHandler {
    let method = Unsubscribe.method

    func answer(_ call: SocketCall, of session: SocketSession, into result: inout JSONWriter)
        throws(SocketFault)
    {
        result.object { $0.member("subscribed", !session.topics.isEmpty) }
        session.unsubscribe()
    }
}
