// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// Answers `subscribe`.
struct SubscribeHandler: SessionHandler {
    let method = Subscribe.method
    let board: Board

    func answer(_ call: SocketCall, of session: SocketSession, into result: inout JSONWriter)
        throws(SocketFault)
    {
        let asked = try topics(call)
        let since = try call.integer("since_seq", within: 0...Int64.max)
        let epoch = try call.text("epoch")
        // A number of another life of vitald says nothing about this one.
        let resumable = epoch.map { $0 == board.epoch } ?? true
        let (report, changes) = board.changes(since: since.map { UInt64(clamping: $0) } ?? 0)
        let lost = since != nil && !(resumable && changes != nil)
        var reply = Subscribe.Reply(
            epoch: board.epoch, sequence: report.sequence,
            topics: asked.filter(\.isSpoken).map(\.rawValue),
            unavailable: asked.filter { !$0.isSpoken }.map(\.rawValue), lost: lost)
        if since != nil, !lost {
            reply.replay = (changes ?? []).map { ChangeView($0) }.filter { asked.contains($0.topic) }
        } else {
            reply.status = StatusQuery.Reply(report, epoch: board.epoch)
            reply.checks = report.checks.map { CheckView($0) }
        }
        reply.write(into: &result)
        session.topics = Set(asked)
        session.heard = report.sequence
        if lost { session.noteLoss(since: since, sameEpoch: resumable, at: report.sequence) }
    }

    private func topics(_ call: SocketCall) throws(SocketFault) -> [Subscribe.Topic] {
        guard let words = try call.texts("topics") else { return Subscribe.Topic.allCases }
        var topics: [Subscribe.Topic] = []
        for word in words {
            guard let topic = Subscribe.Topic(rawValue: word) else {
                let known = Subscribe.Topic.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidParameter(
                    "topics", "there is no topic \"\(Echo.cut(word))\"; there are \(known)")
            }
            if !topics.contains(topic) { topics.append(topic) }
        }
        guard !topics.isEmpty else {
            throw .invalidParameter("topics", "is an empty list; leave it out for all")
        }
        return topics
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
