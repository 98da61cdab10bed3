// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Vitals

/// A sampler's lane in the hands of a test: at once, when the test says so, or never.
final class FakeKernel: KernelReading {
    private struct State {
        var isHeld: Bool
        var waiting: [@Sendable () -> Void] = []
        var reads = 0
        var samples: Int
    }

    private let lane = DispatchQueue(label: "lane")
    private let state: Mutex<State>

    /// A lane that answers at once, or one that waits for `release`.
    init(isHeld: Bool = false, samples: Int = 3) { state = Mutex(State(isHeld: isHeld, samples: samples)) }

    /// How many pages were read so far.
    var reads: Int { state.withLock { $0.reads } }

    /// How many reads wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Lets what waits run, and what comes later as well.
    func release() {
        let work = state.withLock { state in
            state.isHeld = false
            let work = state.waiting
            state.waiting = []
            return work
        }
        for one in work { lane.async(execute: one) }
    }

    /// Lets only the first of what waits run.
    func releaseOne() {
        let one = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
        if let one { lane.async(execute: one) }
    }

    /// Changes the number of samples of the next read, as containers come and go.
    func resize(_ samples: Int) { state.withLock { $0.samples = samples } }

    func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) {
        let work: @Sendable () -> Void = { [self] in
            let (read, samples) = state.withLock { state in
                state.reads += 1
                return (state.reads, state.samples)
            }
            var sheet = Sheet()
            sheet.begin(MetricFamily("kernel_read_number", .gauge, "Which read this is."))
            sheet.add(.integer(Int64(read)))
            for family in ["container_cpu_usage_seconds_total", "container_network_receive_bytes_total"] {
                sheet.begin(MetricFamily(family, .counter, "Help."))
                for number in 0..<samples {
                    let id = "/system.slice/some-agent-\(number).service"
                    sheet.add(.micros(Int64(number)), sheet.labels([("id", id)]))
                }
            }
            use(sheet)
        }
        let isHeld = state.withLock { state in
            if state.isHeld { state.waiting.append(work) }
            return state.isHeld
        }
        if !isHeld { lane.async(execute: work) }
    }

    func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        use(ContainerAnswer())
    }

    func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) { use(ContainerAnswer()) }

    func host(_ use: @escaping @Sendable (HostFigures) -> Void) { use(HostFigures()) }
}
