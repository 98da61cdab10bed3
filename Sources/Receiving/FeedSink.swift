// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Hands what is pushed to the feeds that take such items.
package struct FeedSink: PushSink {
    private let feeds: [any Feed]

    /// Hands items to these feeds.
    package init(_ feeds: [any Feed]) { self.feeds = feeds }

    /// Takes one item. It counts where one feed takes it; else the first says why not.
    package func take(
        _ item: PushItem, from source: PushSource, at received: Instant
    ) throws(PushRefusal) {
        var refusal: PushRefusal?
        var isTaken = false
        for feed in feeds where feed.item == item.kind {
            do throws(PushRefusal) {
                try feed.take(item, from: source, at: received)
                isTaken = true
            } catch {
                refusal = refusal ?? error
            }
        }
        guard !isTaken else { return }
        throw refusal ?? .unknownCheck(type: item.kind.rawValue, name: item.name)
    }

    /// Tells that a connection is gone.
    package func closed(_ connection: ConnectionID, at instant: Instant) {
        for feed in feeds { feed.closed(connection, at: instant) }
    }
}
