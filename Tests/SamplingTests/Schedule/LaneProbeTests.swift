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
