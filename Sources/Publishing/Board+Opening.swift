// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a new subscriber is told first, on the socket and over HTTP.
struct SubscriptionOpening {
    /// A replay of what it missed, or how things stand now.
    var reply: Subscribe.Reply
    /// How many changes are missing where `reply.lost`; known only within one life of vitald.
    var missing: Int?
}

extension Board {
    /// The beginning of a subscription to these topics. `since` is the last change that the subscriber knows, and
    /// `epoch` the life of vitald that it is of, this one where it is nil; `unmeasured` tells what is not measured now.
    func opening(
        _ topics: [Subscribe.Topic], since: UInt64?, epoch: String?,
        unmeasured: () -> [Unmeasured]
    ) -> SubscriptionOpening {
        // A number of another life of vitald says nothing about this one.
        let isSameEpoch = epoch.map { $0 == self.epoch } ?? true
        let (report, changes) = changes(since: since ?? 0)
        let lost = since != nil && !(isSameEpoch && changes != nil)
        var reply = Subscribe.Reply(
            epoch: self.epoch, sequence: report.sequence, topics: topics.filter(\.isSpoken).map(\.rawValue),
            unavailable: topics.filter { !$0.isSpoken }.map(\.rawValue), lost: lost)
        if since != nil, !lost {
            reply.replay = (changes ?? []).map { ChangeView($0) }.filter { topics.contains($0.topic) }
        } else {
            reply.status = StatusQuery.Reply(
                report, epoch: self.epoch, unmeasured: unmeasured())
            reply.checks = report.checks.map { CheckView($0) }
        }
        let missing = since.flatMap { since in
            isSameEpoch && since <= report.sequence ? Int(clamping: report.sequence - since) : nil
        }
        return SubscriptionOpening(reply: reply, missing: missing)
    }
}
