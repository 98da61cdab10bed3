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
/// one before them is answered: so answers keep their order and a client cannot make the server queue. A body is let
/// through only where the connection expects one, up to its last byte and no further. Of a read, one
/// head is let through at once; those behind it go through the turnstile, with those of all other connections.
final class RequestGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the gate tells the connection behind it, as an inbound event.
    enum Event {
        /// The first byte of a request's head has come.
        case headBegan
        /// The head or the body is malformed; the sentence says how.
        case malformed(String)
        /// The head is too long.
        case tooLong
        /// The client has sent its last byte, behind a request that is being answered.
        case inputEnded
    }

    private enum State {
        /// Between two requests, or within a head.
        case open
        /// A request's body is let through.
        case receiving(BodyFraming)
        /// A request is being answered.
        case answering
        /// Nothing more will be read from this client; bytes are thrown away.
        case shut
    }

    /// Bytes that are kept of a client that sends without waiting: more than a head and what one read brings.
    static let mostKept = 262_144

    private let bound: Int
    private let turnstile: Turnstile
    private var state = State.open
    private var pending = ByteBuffer()
    /// Bytes of `pending` that have been looked at, and where the line begins that is being looked at.
    private var scanned = 0
    private var lineStart = 0
    /// The length of the head at the front of `pending`, once it is whole.
    private var whole: Int?
    /// Blanks in the request line: there are two, each alone (RFC 9112, section 3).
    private var blanks = 0
    /// Empty lines before a request line are skipped (RFC 9112, section 2.2), but they count.
    private var skipped = 0
    /// The first head of a read is let through at once; those behind it wait for their turns.
    private var mayPass = true
    private var isWaiting = false
    private var isPassing = false
    private var readHeldBack = false
    /// Whether the client has sent its last byte; what it asked before is still answered.
    private(set) var inputHasEnded = false
    private var context: ChannelHandlerContext?

    init(headBytes: Int, _ turnstile: Turnstile) {
        bound = headBytes
        self.turnstile = turnstile
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .shut = state { return }
        var bytes = unwrapInboundIn(data)
        let isFirst = isBetweenRequests
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            // Without this a client whose reads always end within a head would move the buffer's end on for ever.
            pending.discardReadBytes()
            pending.writeBuffer(&bytes)
        }
        // Reading is held back while there is something to answer; only the rest in front of a client's end is read in
        // any case.
        if pending.readableBytes > Self.mostKept { return fault(.tooLong, context) }
        if isFirst { context.fireUserInboundEventTriggered(Event.headBegan) }
        if case .receiving = state { feed(context) } else { advance(context) }
    }

    /// A client that ended its side may wait for its answers. The decoder hears nothing of it: it would take no more of
    /// what is still kept here.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        inputHasEnded = true
        switch state {
        case .receiving: endedWithinBody(context)
        case .answering, .shut: context.fireUserInboundEventTriggered(Event.inputEnded)
        case .open: leaveIfDone(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        mayPass = true
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if isHoldingBack {
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
        goOn(context)
        resume(context)
    }

    /// The request that was let through has a body that is wanted.
    func expectBody(_ framing: BodyFraming) {
        guard let context, case .answering = state else { return }
        state = .receiving(framing)
        // The decoder is still within the head.
        if isPassing { return }
        feed(context)
        resume(context)
    }

    /// One request may be let through now.
    func takeTurn() {
        guard isWaiting else { return }
        isWaiting = false
        mayPass = false
        guard let context, case .open = state, let whole else { return }
        pass(whole, context)
        resume(context)
    }

    /// Whatever else comes from this client is thrown away.
    func shut() {
        end()
        if let context { resume(context) }
    }

    /// Bytes that are set aside for what is kept.
    var kept: Int { pending.storageCapacity }

    private var isBetweenRequests: Bool {
        if case .open = state { return pending.readableBytes == 0 && skipped == 0 }
        return false
    }

    private var isHoldingBack: Bool {
        if case .answering = state { true } else { isWaiting }
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard readHeldBack, !isHoldingBack else { return }
        readHeldBack = false
        context.read()
    }

    /// Looks at what is there: a whole head is let through or queued up.
    private func advance(_ context: ChannelHandlerContext) {
        guard case .open = state, !isWaiting else { return }
        switch scan() {
        case .needsMore:
            if pending.readableBytes + skipped > bound { return fault(.tooLong, context) }
            leaveIfDone(context)
        case .fault(let sentence): fault(.malformed(sentence), context)
        case .head(let length):
            guard length + skipped <= bound else { return fault(.tooLong, context) }
            guard mayPass else {
                whole = length
                isWaiting = true
                return turnstile.wait(self)
            }
            mayPass = false
            pass(length, context)
        }
    }

    private func pass(_ length: Int, _ context: ChannelHandlerContext) {
        guard let head = pending.readSlice(length: length) else { return }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        (scanned, lineStart, skipped, blanks, whole) = (0, 0, 0, 0, nil)
        state = .answering
        deliver(head, context)
        if case .receiving = state { feed(context) }
    }

    /// Hands bytes to the decoder; what comes behind them only afterwards.
    private func deliver(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        isPassing = true
        context.fireChannelRead(wrapInboundOut(bytes))
        isPassing = false
        if case .open = state { goOn(context) }
    }

    /// Lets through what is there of a body.
    private func feed(_ context: ChannelHandlerContext) {
        guard case .receiving(var framing) = state else { return }
        let (count, progress) = pending.withUnsafeReadableBytes { framing.take($0) }
        switch progress {
        case .malformed(let sentence): return fault(.malformed(sentence), context)
        case .whole: state = .answering
        case .more:
            state = .receiving(framing)
            if inputHasEnded { return endedWithinBody(context) }
        }
        guard count > 0, let bytes = pending.readSlice(length: count) else { return }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        deliver(bytes, context)
    }

    private func endedWithinBody(_ context: ChannelHandlerContext) {
        fault(.malformed("the connection ended within the body."), context)
    }

    /// What came behind the request that is answered.
    private func goOn(_ context: ChannelHandlerContext) {
        if pending.readableBytes > 0 { context.fireUserInboundEventTriggered(Event.headBegan) }
        advance(context)
    }

    /// Closes behind the last answer; half a head of a client that ended is nobody's request.
    private func leaveIfDone(_ context: ChannelHandlerContext) {
        guard inputHasEnded, !isHoldingBack, case .open = state else { return }
        context.close(promise: nil)
    }

    private func end() {
        state = .shut
        pending = ByteBuffer()
        isWaiting = false
    }

    private func fault(_ event: Event, _ context: ChannelHandlerContext) {
        end()
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
                    // The preface of HTTP/2, behind which the decoder would read nothing and say nothing.
                    if lineStart == 0, bytes.prefix(4).elementsEqual("PRI ".utf8) {
                        return .fault("HTTP/2 is not spoken here.")
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
