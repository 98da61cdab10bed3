// SPDX-License-Identifier: Apache-2.0

/// What a peer of the socket may do; the kernel's word on who it is (SO_PEERCRED) decides.
package enum SocketRole: String, CaseIterable, Comparable, Sendable {
    /// Ask: status, checks, metrics, events.
    case read
    /// Hand in: heartbeats, results of checks.
    case push
    /// Change: run a check now, reload the configuration.
    case admin

    /// The order in which answers list the roles: `read`, `push`, `admin`.
    package static func < (a: SocketRole, b: SocketRole) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .read: 0
        case .push: 1
        case .admin: 2
        }
    }
}
