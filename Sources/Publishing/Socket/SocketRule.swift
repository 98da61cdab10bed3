// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// By which rule somebody on the socket has his roles.
package enum SocketRule: Sendable, Hashable {
    /// Root may do everything.
    case root
    /// So may the user that vitald runs as.
    case ownUser
    /// Whoever else the mode and the group of the socket let in may read and push.
    case socket

    /// The rule for a peer.
    package init(for peer: PeerCredentials, ownUser: UInt32) {
        self = peer.uid == 0 ? .root : peer.uid == ownUser ? .ownUser : .socket
    }

    /// What it allows.
    package var roles: Set<SocketRole> {
        switch self {
        case .root, .ownUser: [.read, .push, .admin]
        case .socket: [.read, .push]
        }
    }

    /// It, for people.
    package var sentence: String {
        switch self {
        case .root: "root is an administrator"
        case .ownUser: "the user of vitald is an administrator"
        case .socket:
            "the mode and the group of the socket let it in; reload and run are for root and vitald's user"
        }
    }
}
