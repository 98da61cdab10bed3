// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

/// Name servers that know every name as 127.0.0.1, until they break.
final class FlakyNames: Sendable {
    let isBroken = Atomic(false)

    var lookup: Resolver.Lookup {
        { [self] host in
            if isBroken.load(ordering: .sequentiallyConsistent) { return .failure(.noServer(host)) }
            return HostAddress.literal("127.0.0.1", port: 0).map { .success([$0]) }
                ?? .failure(.unknownName(host))
        }
    }
}

/// Name servers that do not answer until they are let go.
final class HangingNames: Sendable {
    private let gate = Awaited<Bool>()
    let calls = Atomic(0)

    func release() { gate.fulfil(true) }

    var lookup: Resolver.Lookup {
        { [self] host in
            calls.add(1, ordering: .sequentiallyConsistent)
            _ = gate.value(within: .seconds(300))
            return HostAddress.literal("127.0.0.1", port: 0).map { .success([$0]) }
                ?? .failure(.unknownName(host))
        }
    }
}

@Suite("Resolving names")
struct ResolverTests {
    let time = ShiftableTime()

    private func failure(of resolver: Resolver, _ host: String, within: Duration = .seconds(5)) async throws
        -> ResolveFailure?
    {
        let time = time
        return try await Workbench.aside {
            do throws(ResolveFailure) {
                _ = try resolver.resolve(host, port: 80, until: time.now + within)
                return nil
            } catch { return error }
        }
    }

    @Test("numbers are answered without asking", arguments: ["127.0.0.1", "::1", "192.0.2.7"])
    func literals(_ text: String) throws {
        let resolver = Resolver(lanes: Workbench.lanes, time: time) { .failure(.unknownName($0)) }

        let answer = try resolver.resolve(text, port: 443, until: time.now)

        #expect(answer.addresses.map(\.numeric) == [text])
        #expect(answer.addresses.map(\.port) == [443])
        #expect(answer.staleBecause == nil)
    }

    @Test("the system knows localhost")
    func localhost() async throws {
        let resolver = Resolver(lanes: Workbench.lanes, time: time)
        let time = time

        let answer = try await Workbench.aside {
            try resolver.resolve("localhost", port: 6379, until: time.now + .seconds(5))
        }

        #expect(answer.addresses.contains { $0.numeric == "127.0.0.1" || $0.numeric == "::1" })
        #expect(answer.addresses.allSatisfy { $0.port == 6379 })
    }

    @Test("a name that cannot exist is dns.failed")
    func unresolvable() async throws {
        let failure = try await failure(
            of: Resolver(lanes: Workbench.lanes, time: time), "vitald.invalid", within: .seconds(20))

        #expect(failure?.reason == "dns.failed")
        #expect(failure?.outcome == .fail)
    }

    @Test("of a hundred addresses three are used")
    func hundred() throws {
        let all = (1...100).compactMap { HostAddress.literal("192.0.2.\($0)", port: 0) }
        let resolver = Resolver(lanes: Workbench.lanes, time: time) { _ in .success(all) }

        let answer = try resolver.resolve("many.example", port: 5432, until: time.now + .seconds(5))

        #expect(
            answer.addresses.map(\.description) == ["192.0.2.1:5432", "192.0.2.2:5432", "192.0.2.3:5432"])
    }

    @Test("name servers that hang cost the deadline once and one thread, however often they are asked")
    func hanging() async throws {
        let names = HangingNames()
        let resolver = Resolver(lanes: Workbench.lanes, time: time, lookup: names.lookup)
        let started = time.now

        let first = try await failure(of: resolver, "slow.example", within: .milliseconds(100))
        let second = try await failure(of: resolver, "slow.example", within: .milliseconds(100))

        #expect(first?.reason == "timeout.resolve")
        #expect(second?.reason == "timeout.resolve")
        #expect(time.now - started >= .milliseconds(200))
        #expect(names.calls.load(ordering: .sequentiallyConsistent) == 1)
        names.release()
        #expect(try await failure(of: resolver, "slow.example") == nil)
    }

    @Test("without a free thread nothing is said about the name")
    func noLane() async throws {
        let lanes = Lanes(limit: 1)
        let gate = Awaited<Bool>()
        lanes.run { _ = gate.value(within: .seconds(300)) }
        let resolver = Resolver(lanes: lanes, time: time) { .failure(.unknownName($0)) }

        let failure = try await failure(of: resolver, "any.example", within: .milliseconds(50))
        gate.fulfil(true)

        #expect(failure?.reason == "inconclusive.lanes")
        #expect(failure?.outcome == .unknown)
    }

    @Test("a name that begins to hang is answered from memory after half of the time")
    func memory() async throws {
        let calls = Mutex(0)
        let gate = Awaited<Bool>()
        let local = try #require(HostAddress.literal("127.0.0.1", port: 0))
        let time = time
        let resolver = Resolver(lanes: Workbench.lanes, time: time) { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call > 1 { _ = gate.value(within: .seconds(300)) }
            return .success([local])
        }

        let (fresh, remembered, took) = try await Workbench.aside {
            let fresh = try resolver.resolve("db.example", port: 1, until: time.now + .seconds(5))
            let started = time.now
            let remembered = try resolver.resolve("db.example", port: 1, until: started + .milliseconds(400))
            return (fresh, remembered, time.now - started)
        }
        gate.fulfil(true)

        #expect(fresh.staleBecause == nil)
        #expect(remembered.staleBecause?.reason == "timeout.resolve")
        #expect(remembered.addresses == fresh.addresses)
        #expect(took >= .milliseconds(200))
        #expect(took < .milliseconds(390))
    }
}

@Suite("Probes that block")
struct LaneProbeTests {
    /// Work that hangs at a step until it is let go.
    private final class Hanging: LaneWork {
        let gate: Awaited<Bool>
        init(_ gate: Awaited<Bool>) { self.gate = gate }

        func probe(_ attempt: Attempt) -> ProbeResult {
            attempt.enter(.resolve)
            _ = gate.value(within: .seconds(300))
            return ProbeResult(.pass, message: "back")
        }

        func close() {}
        var seriesWhenDown: [SeriesPoint] {
            [SeriesPoint(PostgresFamilies.up, .integer(0), whenStale: .zero)]
        }
    }

    @Test("while one attempt hangs, the next is answered at once and says at which step")
    func stillWaiting() async throws {
        let gate = Awaited<Bool>()
        let time = ShiftableTime()
        let probe = LaneProbe(Hanging(gate), lanes: Workbench.lanes, time: time)
        let now = time.now
        let attempt = Attempt(started: now, deadline: now + .milliseconds(10))
        let first = Awaited<ProbeResult>()
        probe.attempt(attempt) { first.fulfil($0) }
        try await Workbench.aside { try Workbench.wait(for: "the step") { attempt.phase == .resolve } }

        let overdue = ProbeResult.overdue(attempt, series: probe.seriesWhenDown)
        let second = await probe.result(time, timeout: .seconds(5))
        gate.fulfil(true)
        let late = try await Workbench.aside { try #require(first.value(within: .seconds(10))) }

        #expect(overdue.outcome == .fail)
        #expect(overdue.reason == "timeout.resolve")
        #expect(overdue.message == "no answer within 10ms, resolving the name")
        #expect(second.outcome == .fail)
        #expect(second.reason == "timeout.resolve")
        #expect(second.message.hasPrefix("still waiting after "))
        #expect(second.value("pg_up") == 0)
        #expect(late.outcome == .pass)
        let healed = await probe.result(time, timeout: .seconds(5))
        #expect(healed.outcome == .pass)
    }

    @Test("an attempt that got no thread says nothing about its target")
    func noLane() async throws {
        let lanes = Lanes(limit: 1)
        let gate = Awaited<Bool>()
        lanes.run { _ = gate.value(within: .seconds(300)) }
        let open = Awaited<Bool>()
        open.fulfil(true)
        let time = ShiftableTime()
        let probe = LaneProbe(Hanging(open), lanes: lanes, time: time)
        let first = Awaited<ProbeResult>()
        probe.attempt(Attempt(started: time.now, deadline: time.now + .milliseconds(10))) { first.fulfil($0) }

        let second = await probe.result(time, timeout: .milliseconds(10))
        time.advance(by: .seconds(1))
        gate.fulfil(true)
        let late = try await Workbench.aside { try #require(first.value(within: .seconds(10))) }

        #expect(second.outcome == .unknown)
        #expect(second.reason == "inconclusive.lanes")
        #expect(late.outcome == .unknown)
        #expect(late.reason == "inconclusive.lanes")
    }

    @Test("every result gets the families that all probes share")
    func commonSeries() {
        var result = ProbeResult(.warn, reason: "slow", message: "slow")
        result.duration = .milliseconds(1500)
        result.phases = [PhaseTiming(.resolve, .milliseconds(20))]

        let warned = result.withCommonSeries(timeout: .seconds(5))
        result.outcome = .fail
        let failed = result.withCommonSeries(timeout: .seconds(5))

        #expect(warned.value("probe_success") == 1)
        #expect(warned.value("probe_duration_seconds") == 1.5)
        #expect(warned.value("probe_timeout_seconds") == 5)
        #expect(warned.value("probe_dns_lookup_time_seconds") == 0.02)
        #expect(failed.value("probe_success") == 0)
    }
}
