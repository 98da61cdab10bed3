// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads
import Vitals

@testable import Outbound

@Suite("Dialling")
struct DialTests {
    private func addresses(_ numbers: [String]) -> [HostAddress] {
        numbers.compactMap { HostAddress.literal($0, port: 0) }
    }

    @Test("goes through all addresses of a name until one takes the connection")
    func allAddresses() throws {
        let listener = try LoopbackListener("127.0.0.9")
        let all = addresses((1...9).map { "127.0.0.\($0)" })
        let bench = DialBench { _ in .success(all) }

        let outcome = try bench.dial(.network(host: "many.example", port: listener.port))

        #expect(outcome.address == .success("127.0.0.9"))
        #expect(outcome.steps.first == .queued)
        #expect(outcome.steps.count { $0 == .connecting } == 9)
    }

    @Test("tries the address first that took the last connection")
    func lastGood() throws {
        let second = try LoopbackListener("127.0.0.2")
        let all = addresses(["127.0.0.1", "127.0.0.2"])
        let bench = DialBench { _ in .success(all) }

        let before = try bench.dial(.network(host: "two.example", port: second.port))
        let first = try LoopbackListener("127.0.0.1", port: second.port)
        let after = try bench.dial(.network(host: "two.example", port: first.port))

        #expect(before.address == .success("127.0.0.2"))
        #expect(after.address == .success("127.0.0.2"))
        #expect(after.steps.count { $0 == .connecting } == 1)
    }

    @Test("tells the error of the last address where none takes the connection")
    func none() throws {
        let port = try LoopbackListener("127.0.0.1").port
        let all = addresses(["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"])
        let bench = DialBench { _ in .success(all) }

        let outcome = try bench.dial(.network(host: "many.example", port: port))

        #expect(outcome.address == .failure(.kernel(errno: ECONNREFUSED)))
        #expect(outcome.steps.count { $0 == .connecting } == 4)
    }

    @Test("leaves link-local addresses of a name out, unless its user allows them")
    func linkLocal() throws {
        let metadata = addresses(["169.254.169.254", "fe80::1"])
        let refusing = DialBench { _ in .success(metadata) }
        let listener = try LoopbackListener("127.0.0.1")
        let mixed = metadata + addresses(["127.0.0.1"])
        let choosing = DialBench { _ in .success(mixed) }
        let allowing = DialBench { [neighbour = addresses(["fe80::1"])] _ in .success(neighbour) }

        let refused = try refusing.dial(.network(host: "evil.example", port: 80))
        let chosen = try choosing.dial(.network(host: "mixed.example", port: listener.port))
        let allowed = try allowing.dial(.network(host: "cache.local", port: 80), linkLocal: .allowed)

        #expect(refused.address == .failure(.linkLocal(host: "evil.example")))
        #expect(!refused.steps.contains(.connecting))
        #expect(chosen.address == .success("127.0.0.1"))
        // The kernel wants to know the interface as well (ipv6(7)); here it says no to the address, not we.
        #expect(allowed.steps.contains(.connecting))
    }

    @Test("resolves a name on one lane, and waits for it without another")
    func oneLane() throws {
        let listener = try LoopbackListener("127.0.0.1")
        let local = addresses(["127.0.0.1"])
        let bench = DialBench(lanes: 1) { _ in .success(local) }

        let outcome = try bench.dial(.network(host: "one.example", port: listener.port))

        #expect(outcome.address == .success("127.0.0.1"))
        #expect(outcome.steps == [.queued, .resolving, .connecting])
    }

    @Test("waits for a lane as such, and says at the deadline that it was not the name servers'")
    func noLane() throws {
        let bench = DialBench(lanes: 1) { .failure(.unknownName($0)) }
        let gate = Awaited<Bool>()
        bench.lanes.run { _ = gate.value(within: .seconds(300)) }

        let outcome = try bench.dial(
            .network(host: "any.example", port: 80), timeout: .milliseconds(50))
        gate.fulfil(true)

        #expect(outcome.address == .failure(.resolving(.noLane("any.example"))))
        #expect(outcome.steps == [.queued])
    }
}
