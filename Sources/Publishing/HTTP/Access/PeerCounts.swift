// SPDX-License-Identifier: Apache-2.0

/// How many connections each other machine has; this one is not counted.
struct PeerCounts {
    private var counts: [PeerAddress: Int] = [:]

    /// How many machines have some.
    var count: Int { counts.count }

    /// Notes one more connection; false, and nothing noted, where the machine has so many already.
    mutating func enter(_ peer: PeerAddress, bound: Int) -> Bool {
        if peer.isLoopback { return true }
        guard counts[peer, default: 0] < bound else { return false }
        counts[peer, default: 0] += 1
        return true
    }

    /// Notes that a connection has ended.
    mutating func leave(_ peer: PeerAddress) {
        guard let count = counts[peer] else { return }
        counts[peer] = count > 1 ? count - 1 : nil
    }
}
