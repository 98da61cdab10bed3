// SPDX-License-Identifier: Apache-2.0

import Glibc
package import NIOCore
import Synchronization
package import Threads
package import Vitals

/// Turns the name of one target into addresses, by a deadline, and remembers the last good answer.
///
/// getaddrinfo(3) has no deadline (5 s per name server and try by default), so it runs on a lane of its own and
/// the caller waits only as long as it wants. At most one call per name is under way, however often it is asked.
package final class Resolver: Sendable {
    /// Names remembered: one for most targets, a few more where redirects are followed.
    static let nameLimit = 16
    /// EAI_NODATA and EAI_ADDRFAMILY of netdb.h, which Swift's Glibc leaves out: known, but without addresses.
    private static let noData: Int32 = -5
    private static let noAddressFamily: Int32 = -9

    /// The addresses of a name, in the order of preference; their port does not matter.
    package typealias Lookup = @Sendable (_ host: String) -> Result<[HostAddress], ResolveFailure>

    private struct Entry {
        var flight: NameFlight?
        var memory = NameMemory()
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
        let answer = Awaited<NameFlight.Answer>()
        let patience = patience(for: host, until: deadline)
        let flight = join(host, NameWaiter(began: {}, done: { if let said = $0 { answer.fulfil(said) } }))
        return try conclude(host, port, answer.value(within: patience), flight).get()
    }

    /// The same without blocking: `done` is called once, on the event loop, at the latest shortly after the
    /// deadline; `step` hears `queued`, and `resolving` once a thread asks for the name.
    package func resolve(
        _ host: String, port: UInt16, until deadline: Instant, on loop: any EventLoop,
        step: @escaping StepCallback, done: @escaping @Sendable (Result<Resolution, ResolveFailure>) -> Void
    ) {
        step(.queued)
        let patience = patience(for: host, until: deadline)
        let flight = flight(for: host)
        let waiter = NameWaiter(
            began: { step(.resolving) },
            done: { [self] answer in
                let resolution = conclude(host, port, answer, flight.call)
                loop.execute { done(resolution) }
            })
        waiter.arm(loop.scheduleTask(in: .nanoseconds(patience.nanoseconds)) { waiter.end(nil) })
        flight.call.add(waiter)
        if flight.isNew { ask(host, flight.call) }
    }

    /// Whether a name waits for a thread to be asked for on.
    package func isQueued(_ host: String) -> Bool {
        entries.withLock { $0[host]?.flight?.isQueued == true }
    }

    /// Notes which address of a name took a connection: it is the first to be tried from then on.
    package func connected(to address: HostAddress, of host: String) {
        entries.withLock { $0[host]?.memory.prefer(address) }
    }

    // MARK: - One call for all who ask

    private func join(_ host: String, _ waiter: NameWaiter) -> NameFlight {
        let flight = flight(for: host)
        flight.call.add(waiter)
        if flight.isNew { ask(host, flight.call) }
        return flight.call
    }

    /// The call that is under way for a name, or a new one, which is to be made.
    private func flight(for host: String) -> (call: NameFlight, isNew: Bool) {
        entries.withLock { entries in
            if entries[host] == nil, entries.count >= Self.nameLimit,
                let idle = entries.first(where: { $0.value.flight == nil })?.key
            {
                entries[idle] = nil
            }
            if let flight = entries[host]?.flight { return (flight, false) }
            let flight = NameFlight()
            entries[host, default: Entry()].flight = flight
            return (flight, true)
        }
    }

    private func ask(_ host: String, _ flight: NameFlight) {
        let isStarted = lanes.start { [self] in
            flight.begin()
            land(flight, host, lookup(host))
        }
        if !isStarted { land(flight, host, .failure(.noThread(host))) }
    }

    private func land(_ flight: NameFlight, _ host: String, _ answer: NameFlight.Answer) {
        let now = time.now
        entries.withLock { entries in
            entries[host]?.flight = nil
            entries[host]?.memory.note(answer, at: now)
        }
        flight.land(answer)
    }

    // MARK: - The earlier answer

    /// How long an answer is waited for: half of the time where an earlier one can stand for it.
    private func patience(for host: String, until deadline: Instant) -> Duration {
        let now = time.now
        let left = max(.zero, deadline - now)
        let hasEarlier = entries.withLock { entries in
            entries[host]?.memory.addresses(at: now).isEmpty == false
        }
        return hasEarlier ? left / 2 : left
    }

    private func conclude(
        _ host: String, _ port: UInt16, _ answer: NameFlight.Answer?, _ flight: NameFlight
    ) -> Result<Resolution, ResolveFailure> {
        let now = time.now
        return entries.withLock { entries in
            var memory = entries[host]?.memory ?? NameMemory()
            let failure: ResolveFailure
            switch answer {
            case .success(let fresh):
                return .success(
                    Resolution(addresses: memory.ordered(fresh, port: port), staleBecause: nil))
            case .failure(let said): failure = said
            case nil: failure = flight.isQueued ? .noLane(host) : .timeout(host)
            }
            let earlier = memory.addresses(at: now)
            guard !earlier.isEmpty else { return .failure(failure) }
            return .success(
                Resolution(addresses: memory.ordered(earlier, port: port), staleBecause: failure))
        }
    }

    // MARK: - The system

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
        // A message of DNS has 64 KiB at most, which bounds their number (RFC 1035, 4.2.2).
        var addresses: [HostAddress] = []
        var seen: Set<HostAddress> = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr.flatMap({ HostAddress($0, length: entry.ai_addrlen, port: 0) }),
                seen.insert(address).inserted
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
    /// At least one, the one that took the last connection first, the others in the order of preference, with the
    /// port asked for.
    package let addresses: [HostAddress]
    /// Why these are the last good ones and not fresh; nil for fresh ones.
    package let staleBecause: ResolveFailure?
}
