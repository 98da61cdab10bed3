// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOHTTP1

/// Writes a stream to its one reader: at once where the reader keeps up, else from a queue; what finds no room there is
/// counted and told as lost, and a reader that takes nothing is cut off. Nobody else waits for it.
///
/// Lives on the event loop.
package final class StreamWriter {
    /// What became of an event.
    package enum Outcome: Equatable {
        /// It is sent, or waits.
        case taken
        /// It found no room.
        case lost
        /// It found no room, and the reader is cut off.
        case cut
    }

    private let context: ChannelHandlerContext
    private let unread: Int
    private let comment: ByteBuffer
    private var queue: EventQueue
    private var isEnded = false
    /// Makes the event that stands for those that were lost, of their number and the sequence number of the last one.
    package var loss: ((Int, UInt64) -> ByteBuffer)?
    /// Called once when the stream is over.
    package var whenEnded: (() -> Void)?

    init(_ context: ChannelHandlerContext, _ limits: HTTPLimits, comment: ByteBuffer) {
        self.context = context
        unread = limits.streamUnread
        self.comment = comment
        queue = EventQueue(capacity: limits.streamQueue)
    }

    /// Sends these in one go, whatever waits: what a stream begins with.
    package func write(_ messages: [ByteBuffer]) {
        guard !isEnded else { return }
        for bytes in messages {
            context.write(HTTPConnection.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        context.flush()
    }

    private func write(_ bytes: ByteBuffer) {
        context.writeAndFlush(HTTPConnection.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }

    /// Offers an event. The bytes are shared by all readers.
    package func offer(_ event: ByteBuffer, sequence: UInt64) -> Outcome {
        guard !isEnded else { return .taken }
        if context.channel.isWritable, queue.isEmpty {
            write(event)
            return .taken
        }
        let isTaken = queue.append(event, sequence: sequence)
        let held = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard queue.isStuck(holding: held, bound: unread) else { return isTaken ? .taken : .lost }
        context.close(promise: nil)
        return .cut
    }

    /// Sends what waits, as far as the reader takes it, and then tells what was lost.
    func proceed() {
        while !isEnded, context.channel.isWritable, let event = queue.next() { write(event) }
        guard !isEnded, context.channel.isWritable, let lost = queue.takeLoss(), let loss else { return }
        write(loss(lost.count, lost.sequence))
    }

    /// Sends the comment, where nothing waits.
    func beat() {
        if !isEnded, context.channel.isWritable, queue.isEmpty { write(comment) }
    }

    /// The stream is over.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        whenEnded?()
        whenEnded = nil
        loss = nil
    }
}
