// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// The events of one connection: sent at once to a reader that keeps up, queued for one that does not, counted
/// where the queue is full, and cut off where even what was sent is not taken. Nobody else waits for it.
extension SocketSession {
    /// Offers an event. The bytes are shared by all subscribers.
    func offer(_ event: ByteBuffer, topic: Subscribe.Topic, sequence: UInt64) {
        guard let context, !closing, topics.contains(topic), sequence > heard else { return }
        heard = sequence
        if context.channel.isWritable, events.isEmpty {
            context.writeAndFlush(wrapOutboundOut(event), promise: nil)
            return
        }
        if !events.append(event, sequence: sequence) { hall.tallies.dropped("event", "slow_reader") }
        cutIfStuck(context)
    }

    /// Sends what waits, as far as the peer takes it, and then tells what was lost.
    func sendWaitingEvents(_ context: ChannelHandlerContext) {
        while context.channel.isWritable, let event = events.next() {
            context.writeAndFlush(wrapOutboundOut(event), promise: nil)
        }
        guard context.channel.isWritable, let loss = events.takeLoss() else { return }
        context.writeAndFlush(
            wrapOutboundOut(hall.lostEvent(count: loss.count, sequence: loss.sequence)), promise: nil)
    }

    /// Ends the subscription and forgets what waited.
    func unsubscribe() {
        topics = []
        events = EventQueue(capacity: hall.limits.eventsQueued)
    }

    /// Tells, right behind the answer to `subscribe`, that changes are missing, and how many where that is known.
    func noteLoss(_ missing: Int?, at sequence: UInt64) {
        pendingLoss = hall.lostEvent(count: missing, sequence: sequence)
    }

    /// Cuts a subscriber for which more than the bound waits and which took nothing since the last event.
    private func cutIfStuck(_ context: ChannelHandlerContext) {
        let held = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard events.isStuck(holding: held, bound: hall.limits.unread) else { return }
        hall.tallies.dropped("connection", "slow_reader")
        context.close(promise: nil)
    }
}
