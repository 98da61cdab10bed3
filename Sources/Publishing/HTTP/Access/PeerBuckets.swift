// SPDX-License-Identifier: Apache-2.0

import Vitals

/// A token bucket for each machine that asks: so many at once, and one more after each `interval`.
///
/// Of a bucket only the moment is kept at which it will be full again; one that is full needs no entry. Memory is
/// bounded: when too many machines are known, those that are not share one bucket.
struct PeerBuckets {
    /// So many machines are told apart: 200 KiB.
    static let capacity = 4096
    /// Looking for full buckets takes a look at all of them: not more often than this.
    private static let sweepPause = Duration.seconds(1)

    private let interval: Duration
    /// What may be used up before the first wait.
    private let depth: Duration
    private var fullAt: [PeerAddress: Instant] = [:]
    private var othersFullAt = Instant(nanoseconds: 0)
    private var lastSweep: Instant?

    /// Buckets of `burst` tokens, refilled with one each `interval`.
    init(burst: Int, interval: Duration) {
        self.interval = interval
        depth = interval * burst
    }

    /// How many machines are told apart at the moment.
    var count: Int { fullAt.count }

    /// How long a machine has to wait for its next token; nil where one is there.
    func wait(_ peer: PeerAddress, at now: Instant) -> Duration? {
        let full = level(peer)
        guard full > now else { return nil }
        let wait = (full - now) + interval - depth
        return wait > .zero ? wait : nil
    }

    /// Takes a token; false where there is none.
    mutating func take(_ peer: PeerAddress, at now: Instant) -> Bool {
        guard wait(peer, at: now) == nil else { return false }
        let full = level(peer)
        let next = (full > now ? full : now) + interval
        if fullAt[peer] == nil, fullAt.count >= Self.capacity { sweep(now) }
        if fullAt[peer] != nil || fullAt.count < Self.capacity {
            fullAt[peer] = next
        } else {
            othersFullAt = next
        }
        return true
    }

    private func level(_ peer: PeerAddress) -> Instant {
        if let full = fullAt[peer] { return full }
        return fullAt.count < Self.capacity ? Instant(nanoseconds: 0) : othersFullAt
    }

    private mutating func sweep(_ now: Instant) {
        if let lastSweep, now - lastSweep < Self.sweepPause { return }
        lastSweep = now
        fullAt = fullAt.filter { $0.value > now }
    }
}
