// SPDX-License-Identifier: Apache-2.0

/// `limits`: every bound of the socket, and what was refused or dropped because of one, by reason.
package enum LimitsQuery {
    /// The method.
    package static let method = SocketMethod(
        "limits", role: .read, "The bounds of the socket, and what was dropped or refused, by reason.",
        result: "limits {line, batch, connections, connections_per_uid, connections_reserved,"
            + " connects_per_second, pushes_per_second, events_queued, unread_bytes}, connections, dropped [{what, reason, count}]"
    )

    /// What was dropped for one reason.
    package struct Dropped: Sendable, Hashable {
        /// What: `connection`, `notification`, `event` …
        package var what: String
        /// Why.
        package var reason: String
        /// How many since the start.
        package var count: Int64

        /// Makes a row.
        package init(what: String, reason: String, count: Int64) {
            self.what = what
            self.reason = reason
            self.count = count
        }
    }
}
