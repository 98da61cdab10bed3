// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing
import Threads
import Vitals

@testable import Outbound

/// Name servers that do not answer until they are let go.
private final class HangingNames: Sendable {
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
    let time = Monotonic()
    /// Enough that nobody waits for a thread.
    let lanes = Lanes(limit: 64)

    /// Runs what blocks beside the threads of the tests.
    private func aside<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            lanes.run { continuation.resume(with: Result { try body() }) }
        }
    }

    private func failure(of resolver: Resolver, _ host: String, within: Duration = .seconds(5)) async throws
        -> ResolveFailure?
    {
        let time = time
        return try await aside {
            do throws(ResolveFailure) {
                _ = try resolver.resolve(host, port: 80, until: time.now + within)
                return nil
            } catch { return error }
        }
    }

    @Test("numbers are answered without asking", arguments: ["127.0.0.1", "::1", "192.0.2.7"])
    func literals(_ text: String) throws {
        let resolver = Resolver(lanes: lanes, time: time) { .failure(.unknownName($0)) }

        let answer = try resolver.resolve(text, port: 443, until: time.now)

        #expect(answer.addresses.map(\.numeric) == [text])
        #expect(answer.addresses.map(\.port) == [443])
        #expect(answer.staleBecause == nil)
    }

    @Test("the system knows localhost")
    func localhost() async throws {
        let resolver = Resolver(lanes: lanes, time: time)
        let time = time

        let answer = try await aside {
            try resolver.resolve("localhost", port: 6379, until: time.now + .seconds(5))
        }

        #expect(answer.addresses.contains { $0.numeric == "127.0.0.1" || $0.numeric == "::1" })
        #expect(answer.addresses.allSatisfy { $0.port == 6379 })
    }

    @Test("a name that cannot exist has no addresses")
    func unresolvable() async throws {
        let failure = try await failure(
            of: Resolver(lanes: lanes, time: time), "vitald.invalid", within: .seconds(20))

        // Without a name server nobody can deny it.
        #expect([.unknownName("vitald.invalid"), .noServer("vitald.invalid")].contains(failure))
    }

    @Test("of a hundred addresses all are used")
    func hundred() throws {
        let all = (1...100).compactMap { HostAddress.literal("192.0.2.\($0)", port: 0) }
        let resolver = Resolver(lanes: lanes, time: time) { _ in .success(all) }

        let answer = try resolver.resolve("many.example", port: 5432, until: time.now + .seconds(60))

        #expect(answer.addresses == all.map { $0.with(port: 5432) })
    }

    @Test("the address that took the last connection comes first, as long as the name has it")
    func preferred() throws {
        let all = (1...4).compactMap { HostAddress.literal("192.0.2.\($0)", port: 0) }
        let names = Mutex(all)
        let resolver = Resolver(lanes: lanes, time: time) { _ in .success(names.withLock(\.self)) }
        func ask() throws -> [String] {
            try resolver.resolve("many.example", port: 80, until: time.now + .seconds(60))
                .addresses.map(\.numeric)
        }

        let before = try ask()
        resolver.connected(to: all[2].with(port: 80), of: "many.example")
        let after = try ask()
        _ = names.withLock { $0.remove(at: 2) }
        let without = try ask()

        #expect(before == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"])
        #expect(after == ["192.0.2.3", "192.0.2.1", "192.0.2.2", "192.0.2.4"])
        #expect(without == ["192.0.2.1", "192.0.2.2", "192.0.2.4"])
    }

    @Test("a name that is denied is answered from memory for five minutes after the first denial")
    func denied() throws {
        let clock = HandClock()
        let local = try #require(HostAddress.literal("127.0.0.1", port: 0))
        let answers = Mutex(Result<[HostAddress], ResolveFailure>.success([local]))
        let resolver = Resolver(lanes: lanes, time: clock) { _ in answers.withLock(\.self) }
        func ask(_ answer: Result<[HostAddress], ResolveFailure>) throws(ResolveFailure) -> ResolveFailure? {
            answers.withLock { $0 = answer }
            return try resolver.resolve("db.example", port: 1, until: clock.now + .seconds(60)).staleBecause
        }
        let denied = ResolveFailure.unknownName("db.example")

        #expect(try ask(.success([local])) == nil)
        clock.advance(.seconds(3600))
        #expect(try ask(.failure(denied)) == denied)
        clock.advance(.seconds(299))
        #expect(try ask(.failure(.noServer("db.example"))) == .noServer("db.example"))
        clock.advance(.seconds(1))
        #expect(throws: denied) { try ask(.failure(denied)) }
        #expect(throws: ResolveFailure.noServer("db.example")) {
            try ask(.failure(.noServer("db.example")))
        }
    }

    @Test(
        "a name whose servers do not answer is answered from memory, however long; an answer forgives denials"
    )
    func unanswered() throws {
        let clock = HandClock()
        let local = try #require(HostAddress.literal("127.0.0.1", port: 0))
        let answers = Mutex(Result<[HostAddress], ResolveFailure>.success([local]))
        let resolver = Resolver(lanes: lanes, time: clock) { _ in answers.withLock(\.self) }
        func ask(_ answer: Result<[HostAddress], ResolveFailure>) throws(ResolveFailure) -> ResolveFailure? {
            answers.withLock { $0 = answer }
            return try resolver.resolve("db.example", port: 1, until: clock.now + .seconds(60)).staleBecause
        }
        let away = ResolveFailure.noServer("db.example")

        #expect(try ask(.success([local])) == nil)
        #expect(try ask(.failure(.unknownName("db.example"))) == .unknownName("db.example"))
        #expect(try ask(.success([local])) == nil)
        clock.advance(.seconds(86_400))
        #expect(try ask(.failure(away)) == away)
    }

    @Test("name servers that hang cost the deadline once and one thread, however often they are asked")
    func hanging() async throws {
        let names = HangingNames()
        let resolver = Resolver(lanes: lanes, time: time, lookup: names.lookup)
        let started = time.now

        let first = try await failure(of: resolver, "slow.example", within: .milliseconds(100))
        let second = try await failure(of: resolver, "slow.example", within: .milliseconds(100))

        #expect(first == .timeout("slow.example"))
        #expect(second == .timeout("slow.example"))
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

        #expect(failure == .noLane("any.example"))
    }

    @Test("a name that begins to hang is answered from memory after half of the time")
    func memory() async throws {
        let calls = Mutex(0)
        let gate = Awaited<Bool>()
        let local = try #require(HostAddress.literal("127.0.0.1", port: 0))
        let time = time
        let resolver = Resolver(lanes: lanes, time: time) { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call > 1 { _ = gate.value(within: .seconds(300)) }
            return .success([local])
        }

        let (fresh, remembered, took) = try await aside {
            let fresh = try resolver.resolve("db.example", port: 1, until: time.now + .seconds(5))
            let started = time.now
            let remembered = try resolver.resolve("db.example", port: 1, until: started + .seconds(4))
            return (fresh, remembered, time.now - started)
        }
        gate.fulfil(true)

        #expect(fresh.staleBecause == nil)
        #expect(remembered.staleBecause == .timeout("db.example"))
        #expect(remembered.addresses == fresh.addresses)
        #expect(took >= .seconds(2))
        #expect(took < .milliseconds(3900))
    }
}
