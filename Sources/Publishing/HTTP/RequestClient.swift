// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Who sent a request, as far as it is counted: a user of this machine over the Unix socket, or a machine over TCP.
package struct RequestClient: Sendable, Hashable {
    private enum Place: Sendable, Hashable {
        case user(UInt32)
        case machine(PeerAddress)
    }

    private let place: Place

    init(_ origin: HTTPConnection.Origin) {
        switch origin {
        case .local(let credentials): place = .user(credentials.uid)
        case .remote(let arrival): place = .machine(arrival.peer.machine)
        }
    }
}
