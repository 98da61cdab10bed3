// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Threads

@Suite("Lanes")
struct LanesTests {
    /// A door that jobs wait at.
    private final class Door: Sendable {
        private let isOpen = Atomic(false)

        func open() { isOpen.store(true, ordering: .releasing) }

        func wait() { while !isOpen.load(ordering: .acquiring) { poll(nil, 0, 1) } }
    }

    @Test(
        "every job runs once, on at most so many threads at a time, also in bursts with pauses of any length")
    func bursts() throws {
        let lanes = Lanes(limit: 3)
        let runs = Mutex<[Int: Int]>([:])
        let now = Atomic(0)
        let most = Mutex(0)
        var submitted = 0
        for round in 0..<60 {
            for _ in 0..<(1 + round % 7) {
                let job = submitted
                submitted += 1
                lanes.run {
                    let here = now.add(1, ordering: .sequentiallyConsistent).newValue
                    most.withLock { $0 = max($0, here) }
                    runs.withLock { $0[job, default: 0] += 1 }
                    now.subtract(1, ordering: .sequentiallyConsistent)
                }
            }
            // Around the time that a lane lingers, where it may be on its way out.
            poll(nil, 0, Int32([0, 1, 19, 20, 21, 40][round % 6]))
        }
        try Patience.wait(for: "the jobs") { runs.withLock { $0.count } == submitted && lanes.working == 0 }

        #expect(runs.withLock { $0.values.allSatisfy { $0 == 1 } })
        #expect(most.withLock(\.self) <= 3)
    }

    @Test("a job never waits for a lane that hangs while another may be opened")
    func hanging() throws {
        let lanes = Lanes(limit: 3)
        let door = Door()
        let quick = Atomic(0)
        lanes.run { quick.add(1, ordering: .sequentiallyConsistent) }
        try Patience.wait(for: "the first") { quick.load(ordering: .sequentiallyConsistent) == 1 }

        // One of these takes the lane that lingers, the other opens one.
        for _ in 0..<2 { lanes.run { door.wait() } }
        lanes.run { quick.add(1, ordering: .sequentiallyConsistent) }
        try Patience.wait(for: "the one behind them") { quick.load(ordering: .sequentiallyConsistent) == 2 }
        lanes.run { door.wait() }
        try Patience.wait(for: "all to hang") { lanes.working == 3 }
        lanes.run { quick.add(1, ordering: .sequentiallyConsistent) }

        #expect(lanes.working == 3, "the limit holds, and the job waits")
        door.open()
        try Patience.wait(for: "the last") { quick.load(ordering: .sequentiallyConsistent) == 3 }
        try Patience.wait(for: "the end") { lanes.working == 0 }
    }

    @Test("where no thread can be had a job is refused at once, or waits for one, as its owner wants")
    func withoutThreads() {
        // No address space holds such a stack, so pthread_create(3) fails as it does beyond TasksMax=.
        let lanes = Lanes(limit: 2, stackSize: 1 << 50)
        let runs = Atomic(0)

        let isStarted = lanes.start { runs.add(1, ordering: .sequentiallyConsistent) }
        lanes.run { runs.add(1, ordering: .sequentiallyConsistent) }

        #expect(!isStarted)
        #expect(lanes.count == 0)
        #expect(runs.load(ordering: .sequentiallyConsistent) == 0)
    }

    @Test("lanes end when nothing comes")
    func ending() throws {
        let lanes = Lanes()
        let door = Door()
        for _ in 0..<12 { lanes.run { door.wait() } }
        let busy = lanes.count

        door.open()

        #expect(busy == 12)
        try Patience.wait(for: "their end") { lanes.count == 0 }
    }
}
