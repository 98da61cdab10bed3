// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The bounds of the HTTP server. Reaching one is an answer with a status code and a count, never a silent cut.
package struct HTTPLimits: Sendable {
    /// Connections over TCP at a time where no rules say otherwise (`AccessLimits`); a further one takes the place
    /// of one that is of no use, or gets 503 and is closed.
    package var connections = 256
    /// Connections over the Unix socket, counted apart, so that neither way in is closed by a flood on the other; each
    /// user has a quarter of them.
    package var local = ConnectionShares(connections: 128, perUser: 32, reserved: 8)
    /// Scrapes in flight, as node_exporter's `--web.max-requests`; a further one gets 503 with Retry-After.
    package var scrapes = 40
    /// Bytes of a request's head, from its first byte to its blank line; beyond: 431.
    package var headBytes = 64 * 1024
    /// Fields of a request's head; beyond: 431. Browsers send twenty.
    package var headFields = 256
    /// From the first byte of a request's head to its blank line; beyond: 408.
    package var headTime = TimeAmount.seconds(5)
    /// From the opening of a connection over TLS to the end of its handshake; beyond, it is cut.
    package var handshakeTime = TimeAmount.seconds(5)
    /// From the first byte of a request, over its body, to the last byte of its answer; beyond, the connection is cut.
    package var requestTime = TimeAmount.seconds(10)
    /// Bytes that all bodies together may hold while they are read and answered; beyond: 503 with Retry-After.
    package var bodies = 16 * 1_048_576
    /// Event streams at a time, and of one machine or user of them; a further one gets 503 or 429.
    package var streams = 32
    /// The share of one machine or user.
    package var streamsPerPeer = 4
    /// Events that wait for a reader that does not read; what comes after them is counted and told as lost.
    package var streamQueue = 256
    /// Bytes that wait for a reader that takes nothing, after which it is cut off.
    package var streamUnread = 1_048_576
    /// How often a stream sends its comment. Streams have no deadline.
    package var streamBeat = TimeAmount.seconds(15)
    /// How long a connection may lie idle between two requests.
    package var idleTime = TimeAmount.seconds(60)
    /// The same for one on which nothing was ever asked that could be answered.
    package var strangerTime = TimeAmount.seconds(10)
    /// How long a connection that has not asked anything yet is waited for when the server ends.
    package var arrivalTime = TimeAmount.milliseconds(500)
    /// The same for one that lies idle, whose next request the kernel may hold already.
    package var lastTime = TimeAmount.milliseconds(20)
    /// How long a refused client may go on sending before the connection is cut. Closing at once would reset
    /// it, and a reset can overtake the answer.
    package var lingerTime = TimeAmount.seconds(1)
    /// What is kept back of a scraper's own timeout for the way to it (Prometheus measures the whole way).
    package var scrapeReserve = TimeAmount.milliseconds(500)

    /// Makes the default bounds.
    package init() {}
}
