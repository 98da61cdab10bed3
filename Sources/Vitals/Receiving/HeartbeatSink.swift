// SPDX-License-Identifier: Apache-2.0

/// Who takes heartbeats. Receiving keeps them; the socket and (later) datagrams deliver them.
package protocol HeartbeatSink: Sendable {
    /// Takes one beat for a heartbeat check; the instant is that of receipt.
    func beat(_ check: String, from source: PushSource, at received: Instant) -> HeartbeatAnswer

    /// Tells that a connection is gone: checks bound to it (`bind: "connection"`) fail at once.
    func closed(_ connection: ConnectionID, at instant: Instant)
}

/// What became of a beat.
package enum HeartbeatAnswer: Sendable, Hashable {
    /// It counts.
    case accepted
    /// No heartbeat check has this name.
    case unknownCheck
}

/// Names one connection of the socket for as long as the daemon lives.
package struct ConnectionID: Sendable, Hashable {
    /// Grows by one with every connection.
    package let number: UInt64

    /// Makes an id.
    package init(_ number: UInt64) { self.number = number }
}

/// Who pushed, as the kernel has it; what the client says of itself never counts.
package struct PushSource: Sendable, Hashable {
    /// The connection it came over; nil for datagrams.
    package var connection: ConnectionID?
    /// The peer's pid at connect; nil when the kernel did not tell.
    package var pid: Int32?
    /// The peer's uid.
    package var uid: UInt32?
    /// The peer's unit and container.
    package var origin: PeerOrigin?

    /// Makes a source.
    package init(connection: ConnectionID?, pid: Int32?, uid: UInt32?, origin: PeerOrigin?) {
        self.connection = connection
        self.pid = pid
        self.uid = uid
        self.origin = origin
    }
}
