// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

@Suite("A probe on a lane")
struct LaneWorkTests {
    @Test("an attempt that gets no thread is unknown at once, and the next one asks for a thread again")
    func attemptWithoutThread() throws {
        final class Idle: LaneWork {
            var seriesWhenDown: [SeriesPoint] { [] }
            func probe(_ attempt: Attempt) -> ProbeResult { ProbeResult(.pass, message: "") }
            func close() {}
        }
        let time = SystemTime()
        let probe = LaneProbe(Idle(), lanes: Lanes(limit: 2, stackSize: 1 << 50), time: time)
        let results = Mutex<[ProbeResult]>([])

        for _ in 0..<2 {
            probe.attempt(Attempt(started: time.now, deadline: time.now + .seconds(60))) { result in
                results.withLock { $0.append(result) }
            }
        }
        probe.close()

        let found = results.withLock(\.self)
        try #require(found.count == 2)
        for result in found {
            #expect(result.outcome == .unknown && result.reason == "inconclusive.lanes")
            #expect(result.message == "no thread can be started for this check. Raise TasksMax= of the unit")
        }
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
