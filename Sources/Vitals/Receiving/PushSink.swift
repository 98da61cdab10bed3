// SPDX-License-Identifier: Apache-2.0

/// Who takes what is pushed. Doors (the socket, HTTP, later datagrams and OTLP) decode and hand over; Receiving keeps.
/// May be called on any thread.
package protocol PushSink: Sendable {
    /// Takes one item; the instant is that of receipt, whatever the sender says.
    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal)

    /// Tells that a connection is gone: what is bound to it (`bind: "connection"`) ends at once.
    func closed(_ connection: ConnectionID, at instant: Instant)
}

/// Why an item was not taken, though it was decoded.
package enum PushRefusal: Error, Sendable, Hashable {
    /// No check of this type has this name.
    case unknownCheck(type: String, name: String)
}

/// The way in which an item came.
package enum PushDoor: String, CaseIterable, Sendable {
    /// The Unix socket.
    case socket
    /// `POST` over HTTP.
    case http
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
    /// The way in which it came.
    package var door: PushDoor
    /// The connection it came over; nil where the door has none that is kept.
    package var connection: ConnectionID?
    /// The peer's pid at connect; nil when the kernel did not tell.
    package var pid: Int32?
    /// The peer's uid.
    package var uid: UInt32?
    /// The peer's unit and container.
    package var origin: PeerOrigin?

    /// Makes a source.
    package init(
        door: PushDoor = .socket, connection: ConnectionID?, pid: Int32?, uid: UInt32?, origin: PeerOrigin?
    ) {
        self.door = door
        self.connection = connection
        self.pid = pid
        self.uid = uid
        self.origin = origin
    }
}
