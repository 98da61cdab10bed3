// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("The sampler's lane")
struct LaneTests {
    @Test("answers come in the order of the questions, and counters show when it is idle")
    func order() {
        let lane = KernelLane(roots: KernelFixture.podmanHost, options: KernelOptions(), time: HandClock())
        let order = Mutex<[Int]>([])
        let gate = Gate()
        let opened = Gate()
        lane.submit { gate.wait() }
        #expect(lane.completed < lane.submitted)

        lane.withSheet { sheet in
            let count = sheet.samples.count
            order.withLock { $0.append(count > 100 ? 1 : -1) }
        }
        lane.containers(.all) { found in
            order.withLock { $0.append(found.containers.count > 5 ? 2 : -2) }
        }
        lane.own { own in
            order.withLock { $0.append(own.containers.first?.identity.unit == "ssh.service" ? 3 : -3) }
        }
        lane.host { host in order.withLock { $0.append(host.cores == 2 ? 4 : -4) } }
        lane.tick()
        lane.submit { opened.open() }
        gate.open()
        opened.wait()

        #expect(order.withLock { $0 } == [1, 2, 3, 4])
        while lane.completed < lane.submitted { sched_yield() }
        #expect(lane.completed == lane.submitted)
        #expect(lane.submitted == 8)
        lane.stop()
    }

    @Test("after stop what waits is done, what comes is dropped, and the counters agree")
    func stop() {
        let lane = KernelLane(roots: KernelFixture.podmanHost, options: KernelOptions(), time: HandClock())
        let done = Atomic<Int>(0)
        for _ in 0..<100 { lane.submit { done.wrappingAdd(1, ordering: .relaxed) } }
        lane.stop()
        lane.submit { done.wrappingAdd(1000, ordering: .relaxed) }
        while lane.completed < lane.submitted { sched_yield() }

        #expect(done.load(ordering: .relaxed) == 100)
        #expect(lane.submitted == 101)
    }

    @Test("new options are in force for the next question, and what is missing can be read from any thread")
    func reload() {
        let lane = KernelLane(roots: KernelFixture.podmanHost, options: KernelOptions(), time: HandClock())
        let counts = Mutex<[Int]>([])
        let end = Gate()
        lane.containers(.all) { found in counts.withLock { $0.append(found.containers.count) } }
        lane.replaceOptions(KernelOptions(containerLimit: 2))
        lane.containers(.all) { found in
            counts.withLock { $0.append(found.containers.count) }
        }
        lane.submit { end.open() }
        end.wait()

        #expect(counts.withLock { $0 } == [13, 2])
        #expect(lane.missing.contains { $0.description.hasPrefix("containers: more than 2 ") })
        lane.stop()
    }

    @Test("the kernel's clocks run")
    func clocks() {
        let time = SystemTime()
        let first = time.now

        #expect(time.now >= first)
        #expect(time.wall.nanoseconds > 1_700_000_000_000_000_000)
        #expect(time.sinceBoot.nanoseconds >= time.now.nanoseconds - 1_000_000_000)
    }
}
