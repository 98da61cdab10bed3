// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands before the HTTP decoder and lets one request's head through at a time.
///
/// ```
/// GET /metrics HTTP/1.1\r\n
/// Host: localhost:9847\r\n
/// \r\n
/// ```
/// It counts the bytes of a head itself (the decoder's bound is 2 MiB), refuses what the decoder would tolerate
/// and a proxy in front might read differently (lines that end in a bare LF, folded lines, a CR or NUL within a
/// line; RFC 9112, sections 2.2 and 5.2), and keeps pipelined requests back, unread where possible, until the
/// one before them is answered: so answers keep their order and a client cannot make the server queue.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    /// What the gate tells the connection behind it, as an inbound event.
    enum Event {
        /// The first byte of a request's head has come.
        case headBegan
        /// The head is malformed; the sentence says how.
        case malformed(String)
        /// The head is too long.
        case tooLong
    }

    private enum State {
        /// Between two requests, or within a head.
        case open
        /// A request is being answered.
        case answering
        /// Nothing more will be read from this client; bytes are thrown away.
        case shut
    }

    private let bound: Int
    private var state = State.open
    private var pending = ByteBuffer()
    /// Bytes of `pending` that have been looked at, and where the line begins that is being looked at.
    private var scanned = 0
    private var lineStart = 0
    /// Blanks in the request line: there are two, each alone (RFC 9112, section 3).
    private var blanks = 0
    /// Empty lines before a request line are skipped (RFC 9112, section 2.2), but they count.
    private var skipped = 0
    private var isPassing = false
    private var readHeldBack = false
    private var context: ChannelHandlerContext?

    init(headBytes: Int) { bound = headBytes }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .shut = state { return }
        var bytes = unwrapInboundIn(data)
        let isFirst = isBetweenRequests
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        if isFirst { context.fireUserInboundEventTriggered(Event.headBegan) }
        pass(context)
    }

    func read(context: ChannelHandlerContext) {
        if case .answering = state {
            readHeldBack = true
        } else {
            context.read()
        }
    }

    /// The request that was let through is answered: the next one may come.
    func answered() {
        guard let context, case .answering = state else { return }
        state = .open
        if isPassing { return }
        if pending.readableBytes > 0 { context.fireUserInboundEventTriggered(Event.headBegan) }
        pass(context)
        guard case .open = state, readHeldBack else { return }
        readHeldBack = false
        context.read()
    }

    /// Whatever else comes from this client is thrown away.
    func shut() {
        state = .shut
        pending = ByteBuffer()
        if readHeldBack {
            readHeldBack = false
            context?.read()
        }
    }

    private var isBetweenRequests: Bool {
        if case .open = state { return pending.readableBytes == 0 && skipped == 0 }
        return false
    }

    /// Lets heads through as long as each is answered at once.
    private func pass(_ context: ChannelHandlerContext) {
        isPassing = true
        defer { isPassing = false }
        while case .open = state {
            switch scan() {
            case .needsMore:
                if pending.readableBytes + skipped > bound { fault(.tooLong, context) }
                return
            case .fault(let sentence):
                fault(.malformed(sentence), context)
                return
            case .head(let length):
                if length + skipped > bound {
                    fault(.tooLong, context)
                    return
                }
                guard let head = pending.readSlice(length: length) else { return }
                if pending.readableBytes == 0 { pending = ByteBuffer() }
                (scanned, lineStart, skipped, blanks) = (0, 0, 0, 0)
                state = .answering
                context.fireChannelRead(wrapInboundOut(head))
                if case .open = state, pending.readableBytes > 0 {
                    context.fireUserInboundEventTriggered(Event.headBegan)
                }
            }
        }
    }

    private func fault(_ event: Event, _ context: ChannelHandlerContext) {
        state = .shut
        pending = ByteBuffer()
        context.fireUserInboundEventTriggered(event)
    }

    private enum Finding {
        case needsMore
        case head(length: Int)
        case fault(String)
    }

    private func scan() -> Finding {
        while pending.readableBytesView.starts(with: [0x0D, 0x0A]), lineStart == 0 {
            pending.moveReaderIndex(forwardBy: 2)
            skipped += 2
            scanned = 0
            if skipped > bound { return .needsMore }
        }
        return pending.withUnsafeReadableBytes { bytes in
            while scanned < bytes.count {
                let byte = bytes[scanned]
                if scanned == lineStart, byte == 0x20 || byte == 0x09 {
                    return .fault("a line begins with a blank.")
                }
                if byte >= 0x20 || byte == 0x09 {
                    if lineStart == 0, byte == 0x20 || byte == 0x09 { blanks += byte == 0x20 ? 1 : 3 }
                    scanned += 1
                    continue
                }
                switch byte {
                case 0x0A:
                    guard scanned > 0, bytes[scanned - 1] == 0x0D else {
                        return .fault("a line ends in a bare line feed.")
                    }
                    if lineStart == 0, blanks != 2 {
                        return .fault("the request line is not METHOD TARGET HTTP/1.1.")
                    }
                    let length = scanned - 1 - lineStart
                    scanned += 1
                    if length == 0 { return .head(length: scanned) }
                    lineStart = scanned
                case 0x0D:
                    guard scanned + 1 < bytes.count else { return .needsMore }
                    guard bytes[scanned + 1] == 0x0A else {
                        return .fault("a carriage return stands within a line.")
                    }
                    scanned += 1
                default: return .fault("a control character stands in the head.")
                }
            }
            return .needsMore
        }
    }
}
