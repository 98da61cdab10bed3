// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import Sampling
import Synchronization
import Threads
import Vitals

/// Writes lines to a descriptor that can block, on a thread of its own: a file whose disk is busy or gone, or a pipe that
/// vitald may not open again. The thread exists only while there is something to write.
final class LaneSink: LineSink {
    /// So many lines are handed to the thread; what comes beyond waits in the log's ring.
    static let room = 256
    /// So long a line is waited for while nothing is stuck, so that as a rule it is in the file before an answer tells
    /// of it. A descriptor that blocks, or takes longer for each line, costs this once, until it has caught up and is
    /// quick again.
    static let patience = Duration.milliseconds(20)
    /// Lines that follow each other sooner share one such wait: a thousand warnings at the start on a slow disk must not
    /// hold up the event loop a thousand times.
    static let pause = Duration.seconds(1)

    private struct Line: Sendable {
        let bytes: [UInt8]
        let written = Awaited<Bool>()
    }

    private struct State {
        var lines: [Line] = []
        var isWriting = false
        /// A line was waited for in vain, and no line was written in time since.
        var isStuck = false
        /// So long may still be waited for lines that follow each other.
        var patience = Duration.zero
        var lastOffer: ContinuousClock.Instant?
        var losses = 0
    }

    private let descriptor: Int32
    private let patience: Duration
    private let lanes = Lanes(limit: 1, stackSize: 128 << 10)
    private let state = Mutex(State())

    init(descriptor: Int32, patience: Duration = LaneSink.patience) {
        self.descriptor = descriptor
        self.patience = patience
    }

    func offer(_ bytes: ArraySlice<UInt8>) -> LineDelivery {
        let line = Line(bytes: Array(bytes))
        enum Step { case refuse, queue, start }
        let step = state.withLock { state in
            guard state.lines.count < Self.room else { return Step.refuse }
            state.lines.append(line)
            guard !state.isWriting else { return Step.queue }
            state.isWriting = true
            return Step.start
        }
        switch step {
        case .refuse: return .full
        case .queue: break
        case .start:
            guard lanes.start({ [self] in work() }) else {
                // No thread can be had: the log keeps the line and offers it again.
                state.withLock { state in
                    state.isWriting = false
                    state.lines.removeAll { $0.written === line.written }
                }
                return .full
            }
        }
        let began = ContinuousClock.now
        let left: Duration? = state.withLock { state in
            if let last = state.lastOffer, began - last < Self.pause {} else { state.patience = patience }
            state.lastOffer = began
            return state.isStuck || state.patience <= .zero ? nil : state.patience
        }
        guard let left else { return .taken(bytes.count) }
        let isWritten = line.written.value(within: left) != nil
        state.withLock { state in
            if !isWritten { state.isStuck = true }
            state.patience -= began.duration(to: .now)
        }
        return .taken(bytes.count)
    }

    func losses() -> Int {
        state.withLock { state in
            defer { state.losses = 0 }
            return state.losses
        }
    }

    var isIdle: Bool { state.withLock { !$0.isWriting } }

    /// For a start that fails because there are no threads.
    func force(_ line: ArraySlice<UInt8>) {
        if isIdle { _ = write(Array(line)) }
    }

    /// What the thread does.
    private func work() {
        while let line = next() {
            let began = ContinuousClock.now
            let isWritten = write(line.bytes)
            let isQuick = began.duration(to: .now) < patience
            state.withLock { state in
                if !isWritten { state.losses += 1 }
                if isQuick, state.lines.isEmpty { state.isStuck = false }
            }
            line.written.fulfil(isWritten)
        }
    }

    private func next() -> Line? {
        state.withLock { state in
            guard state.lines.isEmpty else { return state.lines.removeFirst() }
            state.isWriting = false
            return nil
        }
    }

    private func write(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // The parent made it non-blocking.
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, -1)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}
