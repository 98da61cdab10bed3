// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import Threads
package import Vitals

/// Turns the name of one check's target into addresses, by a deadline, and remembers the last good answer.
///
/// getaddrinfo(3) has no deadline (5 s per name server and try by default), so it runs on a lane of its own and
/// the caller waits only as long as it wants. At most one call per name is under way, however often it is asked.
package final class Resolver: Sendable {
    /// A name with a hundred addresses is tried three times: the deadline is shared between them.
    package static let addressLimit = 3
    /// Names remembered: one for most checks, a few more where redirects are followed.
    static let nameLimit = 16
    /// EAI_NODATA and EAI_ADDRFAMILY of netdb.h, which Swift's Glibc leaves out: known, but without addresses.
    private static let noData: Int32 = -5
    private static let noAddressFamily: Int32 = -9

    /// The addresses of a name, in the order of preference; their port does not matter.
    package typealias Lookup = @Sendable (_ host: String) -> Result<[HostAddress], ResolveFailure>

    private final class Flight: Sendable {
        let answer = Awaited<Result<[HostAddress], ResolveFailure>>()
        let begun = Atomic(false)
    }

    private struct Entry {
        var flight: Flight?
        var good: [HostAddress] = []
    }

    private let lanes: Lanes
    private let time: any TimeSource
    private let lookup: Lookup
    private let entries = Mutex<[String: Entry]>([:])

    /// Makes a resolver; `lookup` is the system's but for tests.
    package init(lanes: Lanes, time: any TimeSource, lookup: @escaping Lookup = Resolver.system) {
        self.lanes = lanes
        self.time = time
        self.lookup = lookup
    }

    /// Blocks until the addresses are known, at the latest until `deadline`; call it on a lane.
    ///
    /// Numbers are answered at once. When resolving fails, or takes more than half of the time while there is
    /// an earlier good answer, that one is given again and says why it had to be.
    package func resolve(_ host: String, port: UInt16, until deadline: Instant) throws(ResolveFailure)
        -> Resolution
    {
        if let literal = HostAddress.literal(host, port: port) {
            return Resolution(addresses: [literal], staleBecause: nil)
        }
        let (flight, good) = join(host)
        let left = max(.zero, deadline - time.now)
        let failure: ResolveFailure
        switch flight.answer.value(within: good.isEmpty ? left : left / 2) {
        case .success(let addresses):
            return Resolution(addresses: addresses.map { $0.with(port: port) }, staleBecause: nil)
        case .failure(let said): failure = said
        case nil: failure = flight.begun.load(ordering: .relaxed) ? .timeout(host) : .noLane(host)
        }
        guard !good.isEmpty else { throw failure }
        return Resolution(addresses: good.map { $0.with(port: port) }, staleBecause: failure)
    }

    /// Whether a name waits for a thread to be asked for on.
    func isQueued(_ host: String) -> Bool {
        entries.withLock { $0[host]?.flight?.begun.load(ordering: .relaxed) == false }
    }

    /// The call that is under way for a name, or a new one, and the last good answer.
    private func join(_ host: String) -> (Flight, [HostAddress]) {
        let (flight, good, isNew) = entries.withLock { entries in
            if entries[host] == nil, entries.count >= Self.nameLimit,
                let idle = entries.first(where: { $0.value.flight == nil })?.key
            {
                entries[idle] = nil
            }
            var entry = entries[host] ?? Entry()
            if let flight = entry.flight { return (flight, entry.good, false) }
            let flight = Flight()
            entry.flight = flight
            entries[host] = entry
            return (flight, entry.good, true)
        }
        if isNew {
            lanes.run {
                flight.begun.store(true, ordering: .relaxed)
                let answer = self.lookup(host).map { Array($0.prefix(Self.addressLimit)) }
                self.entries.withLock { entries in
                    entries[host]?.flight = nil
                    if case .success(let addresses) = answer { entries[host]?.good = addresses }
                }
                flight.answer.fulfil(answer)
            }
        }
        return (flight, good)
    }

    /// What the system's resolver knows (getaddrinfo(3)): /etc/hosts, DNS, whatever nsswitch.conf names.
    package static let system: Lookup = { host in
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // No AI_ADDRCONFIG: glibc asks netlink for it, which a sandbox may forbid; a family without a route
        // fails at once in connect(2) and the next address is tried.
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        let error = errno
        guard code == 0 else {
            // Without descriptors neither /etc/hosts nor a server can be asked, and the code says something else.
            if let shortage = DescriptorShortage.current {
                return .failure(.descriptors(host, code: shortage))
            }
            switch code {
            case EAI_NONAME, Resolver.noData, Resolver.noAddressFamily: return .failure(.unknownName(host))
            case EAI_AGAIN: return .failure(.noServer(host))
            case EAI_MEMORY: return .failure(.resources(host))
            case EAI_SYSTEM where DescriptorShortage.isMeant(by: error):
                return .failure(.descriptors(host, code: error))
            case EAI_SYSTEM where error == ENOMEM: return .failure(.resources(host))
            default: return .failure(.refused(host, code: code))
            }
        }
        defer { freeaddrinfo(list) }
        var addresses: [HostAddress] = []
        var next = list
        while let entry = next?.pointee, addresses.count < Resolver.addressLimit {
            if let address = entry.ai_addr.flatMap({ HostAddress($0, length: entry.ai_addrlen, port: 0) }),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            next = entry.ai_next
        }
        return addresses.isEmpty ? .failure(.unknownName(host)) : .success(addresses)
    }
}

/// The addresses of a name.
package struct Resolution: Sendable, Hashable {
    /// At least one and at most `Resolver.addressLimit`, in the order of preference, with the port asked for.
    package let addresses: [HostAddress]
    /// Why these are the last good ones and not fresh; nil for fresh ones.
    package let staleBecause: ResolveFailure?
}
