// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What is remembered of one name: its last good addresses, for as long as they may stand for fresh ones.
struct NameMemory {
    /// So long after the name servers first denied the name its addresses are still used: a mistake in a zone is put
    /// right within that time, and a server that moved away must not be asked for ever.
    static let graceAfterDenial = Duration.seconds(300)

    private var good: [HostAddress] = []
    /// The address that took the last connection.
    private var preferred: HostAddress?
    private var deniedSince: Instant?

    /// Takes an answer of the name servers.
    mutating func note(_ answer: NameFlight.Answer, at now: Instant) {
        switch answer {
        case .success(let addresses):
            good = addresses
            deniedSince = nil
        case .failure(.unknownName): deniedSince = deniedSince ?? now
        case .failure: break
        }
    }

    /// Notes which address took a connection.
    mutating func prefer(_ address: HostAddress) { preferred = address.with(port: 0) }

    /// The last good addresses; none once the name was denied too long ago.
    mutating func addresses(at now: Instant) -> [HostAddress] {
        if let deniedSince, now - deniedSince >= Self.graceAfterDenial { good = [] }
        return good
    }

    /// The addresses with this port, the one that took the last connection first.
    func ordered(_ addresses: [HostAddress], port: UInt16) -> [HostAddress] {
        var ordered = addresses.map { $0.with(port: 0) }
        if let preferred, let index = ordered.firstIndex(of: preferred), index > 0 {
            ordered.insert(ordered.remove(at: index), at: 0)
        }
        return ordered.map { $0.with(port: port) }
    }
}
