// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How many TLS handshakes are made, and when. One takes about a millisecond of the event loop, which has to answer
/// others in between.
///
/// A handshake is counted when it begins. One that a good request follows costs its machine nothing. One that is given
/// up before its turn costs nobody anything, since it was never made: else a client could use up everybody's turns by
/// leaving as fast as it connects.
struct HandshakeLimits {
    /// Handshakes of this machine itself that no good request follows. All its users and every proxy on it are one
    /// machine, so nobody is refused for what others do: beyond this, handshakes wait for their turns.
    static let own = (burst: 500, interval: Duration.milliseconds(5))
    /// Handshakes of all machines together, good ones among them.
    static let all = (burst: 16, interval: Duration.microseconds(1250))
    /// Beside them so many of this machine, and as many of those that have logged in: strangers cannot keep them out.
    static let reserved = (burst: 16, interval: Duration.milliseconds(20))
    /// No handshake waits longer for its turn: most clients give up a little later.
    static let patience = Duration.seconds(4)

    /// A handshake that is counted. What is given back is what was taken, whatever has become known of its machine
    /// meanwhile.
    struct Booking {
        /// How long it waits for its turn.
        let wait: Duration
        fileprivate let peer: PeerAddress
        fileprivate let isKnown: Bool
        fileprivate let queue: Queue
    }

    /// Where a handshake gets its turn.
    fileprivate enum Queue { case common, ownReserve, knownReserve }

    private var others: PeerBuckets
    private var ours = PeerBuckets(burst: own.burst, interval: own.interval)
    private var common = PeerBuckets(burst: all.burst, interval: all.interval)
    private var ownReserve = PeerBuckets(burst: reserved.burst, interval: reserved.interval)
    private var knownReserve = PeerBuckets(burst: reserved.burst, interval: reserved.interval)

    /// Starts with no handshake counted; `others` says how many another machine may make that no good request follows.
    init(others: PeerBuckets) { self.others = others }

    /// Counts one more handshake; nil where it would have to wait too long.
    mutating func book(_ peer: PeerAddress, isKnown: Bool, at now: Instant) -> Booking? {
        let queue = queue(for: peer, isKnown: isKnown, at: now)
        guard let turn = book(queue, at: now) else { return nil }
        let wait =
            peer.isLoopback
            ? ours.book(.loopback, at: now, within: Self.patience)
            : others.book(peer, isKnown: isKnown, at: now, within: Self.patience)
        guard let wait else {
            giveBack(queue)
            return nil
        }
        return Booking(wait: max(turn, wait), peer: peer, isKnown: isKnown, queue: queue)
    }

    /// A good request followed a handshake.
    mutating func settle(_ booking: Booking) {
        if booking.peer.isLoopback {
            ours.giveBack(.loopback)
        } else {
            others.giveBack(booking.peer, isKnown: booking.isKnown)
        }
    }

    /// A handshake is not made: its client left before its turn.
    mutating func cancel(_ booking: Booking) {
        settle(booking)
        giveBack(booking.queue)
    }

    /// The common queue, and a reserve where that has a turn earlier.
    private func queue(for peer: PeerAddress, isKnown: Bool, at now: Instant) -> Queue {
        guard peer.isLoopback || isKnown else { return .common }
        let reserve = peer.isLoopback ? ownReserve : knownReserve
        let reserved = reserve.wait(.loopback, at: now) ?? .zero
        guard let turn = common.wait(.loopback, at: now), reserved < turn else { return .common }
        return peer.isLoopback ? .ownReserve : .knownReserve
    }

    private mutating func book(_ queue: Queue, at now: Instant) -> Duration? {
        switch queue {
        case .common: common.book(.loopback, at: now, within: Self.patience)
        case .ownReserve: ownReserve.book(.loopback, at: now, within: Self.patience)
        case .knownReserve: knownReserve.book(.loopback, at: now, within: Self.patience)
        }
    }

    private mutating func giveBack(_ queue: Queue) {
        switch queue {
        case .common: common.giveBack(.loopback)
        case .ownReserve: ownReserve.giveBack(.loopback)
        case .knownReserve: knownReserve.giveBack(.loopback)
        }
    }
}

/// The handshake of one connection, and where it is counted. Lives on the event loop.
final class HandshakeTicket {
    /// The rules may be replaced while it is under way: what they counted is given back to them, not to the next ones.
    private var counted: (door: Doorkeeper, booking: HandshakeLimits.Booking)?

    /// How long it has to wait for its turn; nil where that is too long. It counts from here on.
    func admit(_ peer: PeerAddress, at door: Doorkeeper) -> Duration? {
        guard let booking = door.admitHandshake(from: peer) else { return nil }
        counted = (door, booking)
        return booking.wait
    }

    /// A good request followed it. Only the first one counts.
    func settle() {
        guard let counted else { return }
        self.counted = nil
        counted.door.settleHandshake(counted.booking)
    }

    /// Its client left before its turn.
    func cancel() {
        guard let counted else { return }
        self.counted = nil
        counted.door.cancelHandshake(counted.booking)
    }
}
