// SPDX-License-Identifier: Apache-2.0

/// Where the daemon's own lines go, and what has not got there.
package struct LogStanding: Sendable, Hashable {
    /// Where they go.
    package enum Place: Sendable, Hashable {
        /// journald's native socket, at this path.
        case journal(path: String)
        /// Standard error, a JSON object a line.
        case json
        /// Standard error, as text for people.
        case text
    }

    /// Where they go.
    package var place: Place
    /// Lines that wait for their reader.
    package var waiting: Int
    /// Lines that may wait; what is written beyond is dropped.
    package var room: Int
    /// Lines that were dropped since the start.
    package var dropped: Int

    /// Makes a standing.
    package init(_ place: Place, waiting: Int = 0, room: Int, dropped: Int = 0) {
        self.place = place
        self.waiting = waiting
        self.room = room
        self.dropped = dropped
    }
}
