// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What waits for one subscriber that is slower than the news, on the socket or over HTTP. A plain value.
struct EventQueue {
    private let capacity: Int
    /// Bytes that NIO held for the reader when the last event came.
    private var heldBefore = 0
    private var waiting = CircularBuffer<ByteBuffer>(initialCapacity: 4)
    /// Bytes of the events that wait.
    private(set) var bytes = 0
    /// Events that found no room since the last time that the loss was told.
    private(set) var lost = 0
    /// Sequence number of the newest of them.
    private(set) var lostSequence: UInt64 = 0

    init(capacity: Int) { self.capacity = capacity }

    var isEmpty: Bool { waiting.isEmpty && lost == 0 }

    /// Keeps an event, or counts it as lost. Once one is lost, so are all until the loss is told: what a reader
    /// gets has one gap, and the gap has a place.
    mutating func append(_ event: ByteBuffer, sequence: UInt64) -> Bool {
        guard lost == 0, waiting.count < capacity else {
            lost += 1
            lostSequence = sequence
            return false
        }
        waiting.append(event)
        bytes += event.readableBytes
        return true
    }

    /// Whether more than `bound` bytes wait for a reader that took nothing since the last event; `held` are those that
    /// NIO holds for it.
    mutating func isStuck(holding held: Int, bound: Int) -> Bool {
        defer { heldBefore = held }
        return held >= heldBefore && held + bytes > bound
    }

    /// The oldest event that waits.
    mutating func next() -> ByteBuffer? {
        guard let event = waiting.popFirst() else { return nil }
        bytes -= event.readableBytes
        return event
    }

    /// Takes the loss to tell of, once nothing waits before it.
    mutating func takeLoss() -> (count: Int, sequence: UInt64)? {
        guard waiting.isEmpty, lost > 0 else { return nil }
        defer { lost = 0 }
        return (lost, lostSequence)
    }
}
