// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Who is connected at the moment, in the order of arrival, and who has to go when there is no room for one more.
///
/// A connection costs whoever makes it next to nothing, so places are not kept for those who only hold them: at a
/// bound the oldest of them goes, and a scrape that comes late finds room. Lives on the event loop.
struct ConnectionRoll {
    /// Whether there is room for one more over TCP.
    enum Room {
        /// There is.
        case free
        /// There is when this one goes.
        case insteadOf(HTTPConnection)
        /// Its machine has too many that are needed.
        case peerIsFull
        /// All together have.
        case full
    }

    private var connections: [UInt64: HTTPConnection] = [:]
    private var next: UInt64 = 0
    private var peers = PeerCounts()
    /// Those that came over a Unix socket; counted apart, so that a flood on one way in does not close the other.
    private var local: ConnectionLedger

    init(local shares: ConnectionShares) { local = ConnectionLedger(shares) }

    /// How many there are.
    var count: Int { connections.count }

    /// All of them.
    var all: [HTTPConnection] { Array(connections.values) }

    /// Looks for room for one more over TCP; `bound` is for all, `perPeer` for another machine. This machine itself
    /// has three quarters of all: its users cannot lock the other machines out.
    func room(for peer: PeerAddress, bound: Int, perPeer: Int, _ value: ConnectionStanding) -> Room {
        if peers.count(peer) >= (peer.isLoopback ? bound - bound / 4 : perPeer) {
            let victim = oldest(value) { $0.isSameMachine(as: peer) }
            return victim.map(Room.insteadOf) ?? .peerIsFull
        }
        guard connections.count - local.total >= bound else { return .free }
        return oldest(value) { _ in true }.map(Room.insteadOf) ?? .full
    }

    /// Keeps a place on the Unix socket for one more of a user, or says why there is none.
    mutating func reserve(
        user: UInt32, administrator: Bool, at now: Instant
    ) throws(ConnectionLedger.Refusal) {
        try local.open(user: user, administrator: administrator, at: now)
    }

    /// Gives up a place that nobody entered.
    mutating func release(user: UInt32) { local.close(user: user) }

    /// Notes one more, over the Unix socket in the place that was kept for it; gives its number.
    mutating func enter(_ connection: HTTPConnection) -> UInt64 {
        next += 1
        connections[next] = connection
        if let peer = connection.peer { peers.enter(peer) }
        return next
    }

    /// Notes that one has ended; false where that is known.
    mutating func leave(_ number: UInt64) -> Bool {
        guard let connection = connections.removeValue(forKey: number) else { return false }
        switch connection.origin {
        case .local(let peer): local.close(user: peer.uid)
        case .remote(let arrival): peers.leave(arrival.peer)
        }
        return true
    }

    /// The one over TCP with which least is lost, of those below `value`.
    private func oldest(
        _ value: ConnectionStanding, _ isMeant: (PeerAddress) -> Bool
    ) -> HTTPConnection? {
        var found: (standing: ConnectionStanding, number: UInt64, connection: HTTPConnection)?
        for (number, connection) in connections {
            guard let peer = connection.peer, isMeant(peer) else { continue }
            let standing = connection.standing
            guard standing < value else { continue }
            if let found, (found.standing, found.number) < (standing, number) { continue }
            found = (standing, number, connection)
        }
        return found?.connection
    }
}
