// SPDX-License-Identifier: Apache-2.0

/// How many connections each machine has; this one is counted as one, by whatever address.
struct PeerCounts {
    private var counts: [PeerAddress: Int] = [:]

    /// How many machines have some.
    var machines: Int { counts.count }

    /// How many a machine has.
    func count(_ peer: PeerAddress) -> Int { counts[peer.machine, default: 0] }

    /// Notes one more connection.
    mutating func enter(_ peer: PeerAddress) { counts[peer.machine, default: 0] += 1 }

    /// Notes that a connection has ended.
    mutating func leave(_ peer: PeerAddress) {
        guard let count = counts[peer.machine] else { return }
        counts[peer.machine] = count > 1 ? count - 1 : nil
    }
}
