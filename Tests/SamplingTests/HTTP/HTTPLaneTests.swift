// SPDX-License-Identifier: Apache-2.0

import Sampling
import Testing
import Threads
import Vitals

@Suite("An http check that waits for a thread")
struct HTTPLaneTests {
    private let pattern = #", "expect": {"bodyMatches": "^ok$"}"#

    private func bench(_ host: String, _ server: WireServer, _ more: String) throws -> WireBench {
        try WireBench(
            #"{"type": "http", "url": "http://\#(host):\#(server.port)/"\#(more)}"#, keeping: server, lanes: 1
        )
    }

    /// Takes the only lane until the gate is opened.
    private func block(_ bench: WireBench) -> Awaited<Bool> {
        let gate = Awaited<Bool>()
        bench.lanes.run { _ = gate.value(within: .seconds(300)) }
        return gate
    }

    @Test("to search for its pattern says nothing about the pattern, now and at the next attempt")
    func patternWaits() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try bench("127.0.0.1", server, pattern)
        let gate = block(bench)

        let first = try bench.attempt(timeout: .milliseconds(300))
        let second = try bench.attempt(timeout: .milliseconds(300))
        gate.fulfil(true)
        try Workbench.wait(for: "the lane") { bench.lanes.working == 0 }
        let third = try bench.attempt()

        for result in [first, second] {
            #expect(result.outcome == .unknown)
            #expect(result.reason == "inconclusive.lanes", "\(result.message)")
        }
        #expect(third.outcome == .pass)
    }

    @Test("does not count that as time of the server", arguments: ["localhost", "127.0.0.1"])
    func latency(_ host: String) throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try bench(
            host, server, pattern + #", "warnLatency": "30s", "failLatency": "40s""#)
        let gate = block(bench)

        let result = try bench.attempt(timeout: .seconds(60)) { attempt in
            // The server answers before the pattern waits for the lane, and the name waits for it before.
            try Workbench.wait(for: "the queue") {
                attempt.phase == .queued && (host == "localhost" || !server.requests.isEmpty)
            }
            bench.time.pass(.seconds(50))
            gate.fulfil(true)
        }

        #expect(result.outcome == .pass, "\(result.message)")
        #expect(result.duration >= .seconds(50))
    }
}
