// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Vitals

/// The bounds of the socket. Reaching one is an error to the caller or a counted drop, never a silent cut.
package struct SocketLimits: Sendable, Hashable {
    /// The longest line in bytes, without its line feed: room for a batch of 512 pushes.
    package var line = 65_536
    /// Lines over the limit after which a connection is closed: whoever does it three times will not stop.
    package var strikes = 3
    /// Items of one batch.
    package let batch = PushBatch.mostItems
    /// Connections in all: each costs a descriptor.
    package var connections = 1024
    /// Connections of one user, so that one cannot lock out the others.
    package var connectionsPerUser = 256
    /// Of all connections, kept free for root and vitald's own user: the operator always gets in.
    package var reserved = 8
    /// Connections that one user may open a second, and as many at once.
    package var opensPerSecond = 500
    /// Pushed items per second and user.
    package var pushesPerSecond = 250_000
    /// Events that wait for a subscriber that does not read; what comes after them is counted and told as lost.
    package var eventsQueued = 256
    /// Bytes that wait for a subscriber that takes nothing, after which it is cut off.
    package var unread = 1_048_576
    /// Answers under way at once on one connection; further calls wait in the socket.
    package var answersUnderWay = 64
    /// Bytes of answers that wait for the peer before no further call of its is read.
    package var answersUnread = 65_536
    /// How long a connection is waited for when the server ends: one that has not said anything yet, or half a line.
    package var arrivalTime = TimeAmount.milliseconds(500)
    /// How long answers that are under way hold up the end.
    package var endTime = TimeAmount.seconds(2)

    /// How long a refused connection is kept open for its peer to read why.
    package var lingerTime = TimeAmount.seconds(1)

    /// Makes the limits with their defaults.
    package init() {}

    /// How connections are shared out.
    var shares: ConnectionShares {
        ConnectionShares(
            connections: connections, perUser: connectionsPerUser, reserved: reserved,
            opensPerSecond: opensPerSecond)
    }
}
