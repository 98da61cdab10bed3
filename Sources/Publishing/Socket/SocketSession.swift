// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Vitals

/// One connection: lines come in, answers go out in one write per burst, events in between.
///
/// Confined to its event loop. Nothing it keeps grows beyond its bound: at most one unfinished line, what one
/// read brought, the answers up to `answersUnread` and one more, the events of its queue. While the peer does
/// not take its answers, nothing more of it is read.
final class SocketSession: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who is on the other side.
    let caller: SocketCaller
    let hall: SocketHall
    /// The topics this connection hears of; empty without a subscription.
    var topics: Set<Subscribe.Topic> = []
    /// Changes up to this one are known to the subscriber.
    var heard: UInt64 = 0
    /// Events that wait for the subscriber.
    var events: EventQueue

    var context: ChannelHandlerContext?
    /// What was read and not answered yet, from the first byte of a line.
    private var input: ByteBuffer?
    /// Bytes of `input` that are known to hold no line feed.
    private var scanned = 0
    /// Whether the rest of an overlong line is on its way out.
    private var discarding = false
    private var strikes = 0
    /// Whether the peer has sent its last byte.
    private var inputEnded = false
    /// Whether anything was ever read.
    private var hasSpoken = false
    /// Whether the server ends: what has been asked is still answered, and then it is over.
    private var isRetiring = false
    /// Whether the peer was kept from sending more.
    private var isCut = false
    /// Whether this side is done: what is written still goes out, nothing more is read.
    private(set) var closing = false
    private var processing = false
    private var readHeld = false
    /// Ids of calls whose answers are under way; empty for those that want none.
    var underWay: [UInt64: (entry: MethodCatalog.Entry, id: [UInt8]?)] = [:]
    var tickets: UInt64 = 0
    /// An event that goes out right behind the answers of this burst.
    var pendingLoss: ByteBuffer?

    init(caller: SocketCaller, hall: SocketHall) {
        self.caller = caller
        self.hall = hall
        events = EventQueue(capacity: hall.limits.eventsQueued)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // A connection that the loop could not take up ends without having been active.
        hall.left(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        closing = true
        input = nil
        underWay.removeAll()
        hall.left(self)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        guard !closing else { return }
        let wasFresh = !hasSpoken
        hasSpoken = true
        if input == nil {
            input = incoming
        } else {
            // Without this a peer that always leaves half a line would move the buffer's end on for ever.
            input?.discardReadBytes()
            input?.writeBuffer(&incoming)
        }
        process(context)
        // Who had only just come has asked now.
        if isRetiring, wasFresh, input == nil { cut() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }

    /// Reading waits while answers do.
    func read(context: ChannelHandlerContext) {
        if mayProceed(context) { context.read() } else { readHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { proceed(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            inputEnded = true
            process(context)
            context.flush()
            leaveIfDone(context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that went away: ECONNRESET, EPIPE. There is nobody left to tell.
        context.close(promise: nil)
    }

    /// Goes on after a pause: first the events that wait, then the lines that wait, then new ones.
    func proceed(_ context: ChannelHandlerContext) {
        sendWaitingEvents(context)
        if input != nil { process(context) }
        context.flush()
        if readHeld, mayProceed(context) {
            readHeld = false
            context.read()
        }
        leaveIfDone(context)
    }

    private func mayProceed(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isWritable && underWay.count < hall.limits.answersUnderWay && !closing
    }

    // MARK: Lines

    /// Answers the lines at hand, as far as the peer takes the answers.
    private func process(_ context: ChannelHandlerContext) {
        guard !processing, let taken = input else { return }
        processing = true
        defer { processing = false }
        var buffer = taken
        input = nil
        let received = hall.clock.now
        // The writer is the hall's and moves here for the burst, so that nobody else can write into it.
        var writer = hall.lendWriter()
        defer { hall.takeBack(writer) }
        repeat {
            let consumed = buffer.withUnsafeReadableBytes { lines($0, received: received, &writer) }
            buffer.moveReaderIndex(forwardBy: consumed)
            scanned = max(0, scanned - consumed)
            let wrote = send(&writer, context)
            let more = buffer.readableBytes > scanned
            if !more { break }
            if !mayProceed(context) { break }
            // Stopped for the size of the answers alone: hand them over and see whether the peer keeps up.
            if wrote { context.flush() }
        } while mayProceed(context)
        if closing { return finish(context) }
        if buffer.readableBytes > 0 { input = buffer } else { scanned = 0 }
    }

    /// Answers whole lines until they end or the answers are enough for now; returns the bytes dealt with.
    private func lines(
        _ bytes: UnsafeRawBufferPointer, received: Instant, _ writer: inout JSONWriter
    ) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let limit = hall.limits.line
        var start = 0
        while start < bytes.count, !closing {
            guard writer.bytes.count < hall.limits.answersUnread,
                underWay.count < hall.limits.answersUnderWay
            else {
                scanned = start
                return start
            }
            let from = max(start, scanned)
            let end: Int
            if let newline = memchr(base + from, 0x0A, bytes.count - from) {
                end = UnsafeRawPointer(newline) - base
            } else if inputEnded, !isCut, !discarding {
                end = bytes.count  // the last line of a peer that ended without a line feed
            } else {
                break
            }
            if discarding {
                discarding = false
            } else if end - start > limit {
                strike(&writer)
            } else {
                line(UnsafeRawBufferPointer(start: base + start, count: end - start), received, &writer)
            }
            start = min(end + 1, bytes.count)
            scanned = start
        }
        if closing { return bytes.count }
        // What is left is the beginning of a line.
        if discarding { return bytes.count }
        if bytes.count - start > limit {
            strike(&writer)
            discarding = true
            return bytes.count
        }
        scanned = bytes.count
        return start
    }

    private func strike(_ writer: inout JSONWriter) {
        refuse(.lineTooLong(limit: hall.limits.line), id: nil, &writer)
        strikes += 1
        if strikes >= hall.limits.strikes { closing = true }
    }

    // MARK: The end

    /// Closes once everything that was asked is answered, where the peer has ended or was cut off.
    private func leaveIfDone(_ context: ChannelHandlerContext) {
        guard inputEnded, !closing, underWay.isEmpty, topics.isEmpty || isRetiring else { return }
        // What is left may be lines that wait until the peer takes their answers, or half a line that nobody will end.
        guard input.map({ isCut && $0.readableBytes == scanned }) ?? true else { return }
        finish(context)
    }

    /// Ends the connection when what was asked has been answered. The rest of half a line is waited for a moment, and the
    /// first one of whoever has only just come.
    func retire() {
        guard context != nil, !isRetiring else { return }
        isRetiring = true
        topics = []
        if hasSpoken, input == nil { return cut() }
        let bound = NIOLoopBound(self, eventLoop: hall.loop)
        hall.loop.scheduleTask(in: hall.limits.arrivalTime) { bound.value.cut() }
    }

    /// Takes nothing more of the peer: it hears EPIPE and knows that its line was not sent. What the kernel has taken
    /// before is read to its end and answered; nothing that was sent is lost unseen.
    private func cut() {
        guard let context, !isCut, !closing else { return }
        isCut = true
        let channel = context.channel
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            _ = shutdown($0, CInt(SHUT_RD))
        }
        // The kernel wakes nobody for an end that comes from this side: epoll is asked anew.
        let options = channel.syncOptions
        try? options?.setOption(.autoRead, value: false)
        try? options?.setOption(.autoRead, value: true)
        leaveIfDone(context)
    }

    /// Closes after everything that was written has gone out.
    private func finish(_ context: ChannelHandlerContext) {
        closing = true
        let empty = context.channel.allocator.buffer(capacity: 0)
        let bound = NIOLoopBound(context, eventLoop: hall.loop)
        context.writeAndFlush(wrapOutboundOut(empty)).whenComplete { _ in bound.value.close(promise: nil) }
    }
}
