// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Lets pipelined requests through, so many in one turn of the loop, one of each connection after the other.
///
/// What is answered at once costs its client nothing, and a read holds thousands of heads: answered all in one turn,
/// a single machine would hold up probes, scrapes and the tick. Lives on the event loop.
final class Turnstile {
    /// Answers of one turn, of all connections together: some hundred microseconds.
    static let width = 32
    /// Between two turns. `execute` would not do: the loop runs all tasks there are, and those that they leave
    /// behind, before it looks at its sockets again.
    static let pause = TimeAmount.microseconds(250)

    private let loop: any EventLoop
    private var waiting = CircularBuffer<RequestGate>()
    private var isScheduled = false

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Queues up for one request.
    func wait(_ gate: RequestGate) {
        waiting.append(gate)
        schedule()
    }

    private func schedule() {
        guard !isScheduled, !waiting.isEmpty else { return }
        isScheduled = true
        let me = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: Self.pause) { me.value.turn() }
    }

    private func turn() {
        // Who has more queues up again, behind the others.
        for _ in 0..<Self.width { waiting.popFirst()?.takeTurn() }
        isScheduled = false
        schedule()
    }
}
