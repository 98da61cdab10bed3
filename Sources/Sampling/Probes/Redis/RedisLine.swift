// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// One open connection to a server and how it came about.
struct RedisLine {
    /// A kept connection says nothing about whether a new one would be taken.
    static let reconnectInterval = Duration.seconds(60)

    let conversation: RedisConversation
    /// When it had been made and had answered.
    var since: Instant
    /// Why it was made to an address of earlier, where it was: then the name is asked for again soon.
    let staleBecause: ResolveFailure?

    /// Whether an attempt that begins at `now` needs no new one.
    func isFresh(at now: Instant) -> Bool {
        staleBecause == nil && now - since < Self.reconnectInterval
    }
}
