// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Outbound
import Vitals

/// One connection to Redis: sends requests in one go and collects their replies, one exchange at a time. Whatever
/// comes unasked while it idles ends it. Confined to the event loop.
final class RedisConversation: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What came back for requests that were sent in one go.
    struct Exchange {
        var replies: [RedisReply] = []
        /// When the first of them was there.
        var first: Instant?
        /// Why there are fewer than were asked for; the ones that came count all the same.
        var cutShort: RedisFailure?
    }

    private let time: any TimeSource
    private let reader: RedisReader
    private var context: ChannelHandlerContext?
    /// Whether nobody has asked yet: some servers speak first (`-ERR max number of clients reached`).
    private var isNew = true
    /// Whoever waits for replies; nil while the connection idles.
    private var listener: ((Exchange) -> Void)?
    private var exchange = Exchange()
    private var count = 0
    private var wanted: RedisReply?
    private var bytes = 0
    /// Whether what can be done without was asked for on it.
    var isIntroduced = false
    /// Whether INFO was answered on it, so that it may go along with the question.
    var takesInfo = false
    /// Why the connection is of no further use.
    private var end: RedisFailure?

    init(time: any TimeSource) throws {
        guard let reader = RedisReader() else {
            throw IOError(errnoCode: ENOMEM, reason: "redisReaderCreate")
        }
        self.time = time
        self.reader = reader
    }

    /// Whether something can be asked now, and nothing came that was not asked for.
    var isFree: Bool {
        end == nil && listener == nil && reader.isEmpty && context?.channel.isActive == true
    }

    /// Sends requests; `listener` hears once what came back, unless the connection is hung up before.
    ///
    /// When the first reply is not the `wanted` one, the others are not waited for: the connection is done with.
    /// A reply before its time counts as the first one.
    func ask(
        _ request: ByteBuffer, replies count: Int, wanted: RedisReply? = nil,
        listener: @escaping (Exchange) -> Void
    ) {
        isNew = false
        reader.reset()
        bytes = 0
        exchange = Exchange()
        self.count = count
        self.wanted = wanted
        self.listener = listener
        // Closed by the server, perhaps; what it said before that is still read.
        context?.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
        advance()
    }

    /// Ends the connection because the time is over; whoever waits hears what came until now.
    func expire() { fail(.timeout) }

    /// Ends the connection at once; nobody hears of it.
    func hangUp() {
        listener = nil
        close(.closed)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard end == nil else { return }
        guard isNew || listener != nil else {
            close(.closed)
            return
        }
        let buffer = Self.unwrapInboundIn(data)
        bytes += buffer.readableBytes
        guard bytes <= RedisReader.byteLimit else {
            fail(.oversized)
            return
        }
        guard buffer.withUnsafeReadableBytes({ reader.feed($0) }) else {
            fail(.malformed)
            return
        }
        advance()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        conclude((error as? IOError).map { .broken(errno: $0.errnoCode) } ?? .closed)
    }

    func channelInactive(context: ChannelHandlerContext) {
        conclude(.closed)
        context.fireChannelInactive()
    }

    /// Reads the replies that are there.
    private func advance() {
        guard listener != nil else { return }
        do throws(RedisFailure) {
            while exchange.replies.count < count {
                guard let reply = try reader.next() else {
                    if let end { throw end }
                    return
                }
                if exchange.replies.isEmpty { exchange.first = time.now }
                exchange.replies.append(reply)
                if exchange.replies.count == 1, let wanted, reply != wanted { break }
            }
            answer()
        } catch {
            fail(error)
        }
    }

    /// The server ended the connection; replies that came before are still read.
    private func conclude(_ failure: RedisFailure) {
        close(failure)
        advance()
    }

    private func fail(_ failure: RedisFailure) {
        close(failure)
        guard listener != nil else { return }
        exchange.cutShort = failure
        answer()
    }

    private func close(_ failure: RedisFailure) {
        guard end == nil else { return }
        // First of all: closing a channel calls back at once.
        end = failure
        context?.channel.cut()
    }

    private func answer() {
        let (listener, exchange) = (listener, exchange)
        self.listener = nil
        self.exchange = Exchange()
        listener?(exchange)
    }
}
