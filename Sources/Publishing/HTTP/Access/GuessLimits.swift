// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How often a machine may be wrong about a login. What is known to be right is never counted.
///
/// Behind one address there may be many, all clients of a proxy for example, and somebody among them who guesses must
/// not lock out the others: when the bucket is empty, one comparison per name and interval is made still. Names share
/// a few places for that, as a keyed hash has it, so that it bounds the work, and tells nobody which names there are.
struct GuessLimits {
    /// Wrong guesses of another machine: so many at once, then one each five seconds. A scraper with an old password
    /// that asks every ten seconds goes on being told that it is wrong.
    static let others = (burst: 10, interval: Duration.seconds(5))
    /// The same of this machine itself, where a proxy may stand for everybody.
    static let own = (burst: 100, interval: Duration.milliseconds(500))
    /// The places that names share.
    static let places = 8
    /// As many machines are known to have logged in: more than there are scrapers.
    static let knownMachines = 256

    private struct Place: Hashable {
        let peer: PeerAddress
        let number: Int
    }

    private var others = PeerBuckets(burst: others.burst, interval: others.interval)
    private var own = PeerBuckets(burst: own.burst, interval: own.interval)
    private var spare = BucketTable<Place>(capacity: PeerBuckets.networks)
    /// Machines that logged in, whatever else comes out of their networks.
    private var known = RecentSet<PeerAddress>(limit: knownMachines)

    /// Whether somebody logged in from there.
    func isKnown(_ peer: PeerAddress) -> Bool { known.contains(peer) }

    /// Notes that somebody logged in from there.
    mutating func know(_ peer: PeerAddress) { if !peer.isLoopback { known.insert(peer) } }

    /// How long a machine has to wait before it may be wrong again; nil where it may be now.
    func wait(_ peer: PeerAddress, at now: Instant) -> Duration? {
        peer.isLoopback
            ? own.wait(.loopback, at: now) : others.wait(peer, isKnown: isKnown(peer), at: now)
    }

    /// Notes that a machine was wrong; false where it was so too often.
    mutating func take(_ peer: PeerAddress, at now: Instant) -> Bool {
        peer.isLoopback
            ? own.take(.loopback, at: now) : others.take(peer, isKnown: isKnown(peer), at: now)
    }

    /// Whether a name may be tried all the same.
    mutating func takeSpare(_ peer: PeerAddress, _ name: Fingerprint, at now: Instant) -> Bool {
        let place = Place(peer: peer.machine, number: name.place(among: Self.places))
        if let full = spare.fullAt(place), full > now { return false }
        spare.add(Self.others.interval, to: place, at: now)
        return true
    }
}
