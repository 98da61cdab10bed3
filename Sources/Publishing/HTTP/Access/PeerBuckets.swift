// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A token bucket for each machine that asks: so many at once, and one more after each `interval`.
///
/// Who has IPv6 has networks to spare: those within one /56 share a bucket of four times the size, those within one
/// /48 one of sixteen times. Nobody else's use counts: at the bound of memory a bucket is forgotten, which is as good
/// as a full one, rather than shared.
struct PeerBuckets {
    /// So many machines are told apart: 300 KiB.
    static let capacity = 4096
    /// So many networks of one size.
    static let networks = 1024
    /// The sizes of networks, and how many machines' worth one has.
    private static let shares: [(width: UInt8, times: Int)] = [(56, 4), (48, 16)]

    private let interval: Duration
    /// What may be used up before the first wait; the same for all, since a larger bucket is filled faster.
    private let depth: Duration
    private var machines = BucketTable<PeerAddress>(capacity: capacity)
    private var wider = shares.map { _ in BucketTable<PeerAddress>(capacity: networks) }

    /// Buckets of `burst` tokens, refilled with one each `interval`.
    init(burst: Int, interval: Duration) {
        self.interval = interval
        depth = interval * burst
    }

    /// How many machines are told apart at the moment.
    var count: Int { machines.count }

    /// How long a machine has to wait for its next token; nil where one is there. What others in its networks used
    /// does not concern a machine that `isKnown`.
    func wait(_ peer: PeerAddress, isKnown: Bool = false, at now: Instant) -> Duration? {
        var longest = wait(machines.fullAt(peer), interval, now)
        guard !isKnown, peer.hasNetworks else { return longest }
        for (share, table) in zip(Self.shares, wider) {
            let full = table.fullAt(peer.network(share.width))
            if let wait = wait(full, interval / share.times, now) { longest = max(longest ?? .zero, wait) }
        }
        return longest
    }

    /// Takes a token; false where there is none.
    mutating func take(_ peer: PeerAddress, isKnown: Bool = false, at now: Instant) -> Bool {
        book(peer, isKnown: isKnown, at: now, within: .zero) != nil
    }

    /// Takes the next token, ahead of time where there is none now: gives how long it has to be waited for, and nil,
    /// without taking it, where that is longer than `limit`.
    mutating func book(
        _ peer: PeerAddress, isKnown: Bool = false, at now: Instant, within limit: Duration
    ) -> Duration? {
        let wait = wait(peer, isKnown: isKnown, at: now) ?? .zero
        guard wait <= limit else { return nil }
        machines.add(interval, to: peer, at: now)
        guard !isKnown, peer.hasNetworks else { return wait }
        for (number, share) in Self.shares.enumerated() {
            wider[number].add(interval / share.times, to: peer.network(share.width), at: now)
        }
        return wait
    }

    /// Puts a token back.
    mutating func giveBack(_ peer: PeerAddress, isKnown: Bool = false) {
        machines.giveBack(interval, to: peer)
        guard !isKnown, peer.hasNetworks else { return }
        for (number, share) in Self.shares.enumerated() {
            wider[number].giveBack(interval / share.times, to: peer.network(share.width))
        }
    }

    private func wait(_ full: Instant?, _ interval: Duration, _ now: Instant) -> Duration? {
        guard let full, full > now else { return nil }
        let wait = (full - now) + interval - depth
        return wait > .zero ? wait : nil
    }
}

/// When buckets will be full again, of so many machines and no more: a full one needs no entry.
struct BucketTable<Key: Hashable> {
    /// So many entries are looked at for one that can be forgotten: enough to find one that is nearly full, and no
    /// work to speak of in a flood.
    private static var glance: Int { 16 }

    private let capacity: Int
    private var places: [Key: Int] = [:]
    private var entries: [(key: Key, fullAt: Instant)] = []
    /// Where the next look begins.
    private var hand = 0

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// When a bucket will be full; nil where it is.
    func fullAt(_ key: Key) -> Instant? { places[key].map { entries[$0].fullAt } }

    /// Takes what it needs this long to be filled with.
    mutating func add(_ time: Duration, to key: Key, at now: Instant) {
        if let place = places[key] {
            entries[place].fullAt = max(entries[place].fullAt, now) + time
            return
        }
        if entries.count < capacity {
            places[key] = entries.count
            entries.append((key, now + time))
            return
        }
        let place = fullest()
        places[entries[place].key] = nil
        places[key] = place
        entries[place] = (key, now + time)
    }

    /// Puts back what it needs this long to be filled with.
    mutating func giveBack(_ time: Duration, to key: Key) {
        if let place = places[key] { entries[place].fullAt = entries[place].fullAt - time }
    }

    private mutating func fullest() -> Int {
        var found = hand
        for step in 0..<min(Self.glance, capacity) {
            let place = (hand + step) % capacity
            if entries[place].fullAt < entries[found].fullAt { found = place }
        }
        hand = (hand + Self.glance) % capacity
        return found
    }
}
