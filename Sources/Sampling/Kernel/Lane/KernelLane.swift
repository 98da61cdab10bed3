// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Threads
package import Vitals

/// The sampler's own thread: it reads the kernel, and renders pages of what it read. It is parked while nobody
/// asks; jobs run one after the other in the order of their coming.
package final class KernelLane: KernelReading {
    /// Figures older than this are read again before they are handed over.
    package static let freshness = Duration.seconds(1)
    /// Sorting and JSON of container names are the deepest things that run here.
    private static let stackSize = 1 << 20

    private typealias Job = @Sendable (KernelSampler) -> Void

    private let queue = WorkQueue<Job>()
    private let counters = Counters()
    /// False where the machine had no thread for it: nothing is ever read, and the daemon must not start.
    package let isRunning: Bool

    /// What both the thread and everybody else look at.
    private final class Counters: Sendable {
        let submitted = Atomic<UInt64>(0)
        let completed = Atomic<UInt64>(0)
        let missing = Mutex<[KernelGap]>([])
        let unmeasured = Mutex<[Unmeasured]>([])
    }

    /// Starts the lane, which makes its first reading at once. Series that are dropped for a limit are counted in
    /// `tallies`.
    package init(
        roots: KernelRoots, options: KernelOptions = KernelOptions(), time: any TimeSource,
        tallies: TallyBook = TallyBook()
    ) {
        let queue = queue
        let counters = counters
        isRunning = OwnThread.start(stackSize: Self.stackSize) {
            let sampler = KernelSampler(roots: roots, options: options, time: time, tallies: tallies)
            while let jobs = queue.takeAll() {
                for job in jobs {
                    job(sampler)
                    counters.missing.withLock { $0 = sampler.missing }
                    counters.unmeasured.withLock { $0 = sampler.unmeasured }
                    counters.completed.wrappingAdd(1, ordering: .releasing)
                }
            }
        }
        submit { $0.refresh(.baseline) }
    }

    deinit { queue.close() }

    /// How many jobs were handed to the lane.
    package var submitted: UInt64 { counters.submitted.load(ordering: .acquiring) }

    /// How many of them are done; equal to `submitted` while the lane is idle.
    package var completed: UInt64 { counters.completed.load(ordering: .acquiring) }

    /// What this machine does not offer. The daemon says each once; the list changes only when the machine does.
    package var missing: [KernelGap] { counters.missing.withLock { $0 } }

    package var unmeasured: [Unmeasured] { counters.unmeasured.withLock { $0 } }

    /// Runs a job on the lane; after `stop` it is dropped.
    package func submit(_ job: @escaping @Sendable () -> Void) { submit { _ in job() } }

    /// Takes a cheap reading of CPU, so that percentages exist when the next question comes. To be called every
    /// ten seconds.
    package func tick() { submit { $0.refresh(.baseline) } }

    /// Replaces the options, for a reload; figures and baselines of what stays are kept.
    package func replaceOptions(_ options: KernelOptions) { submit { $0.replace(options) } }

    /// Ends the thread after the jobs that wait; what comes later is dropped.
    package func stop() { queue.close() }

    package func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) {
        submit {
            $0.refresh(.full)
            $0.withSheet(use)
        }
    }

    package func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        submit { use($0.containers(selection)) }
    }

    package func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        submit { use($0.own()) }
    }

    package func host(_ use: @escaping @Sendable (HostFigures) -> Void) {
        submit {
            $0.refresh(.host)
            use($0.hostFigures)
        }
    }

    private func submit(_ job: @escaping Job) {
        // Counted first: whoever compares the two never sees more done than asked.
        counters.submitted.wrappingAdd(1, ordering: .releasing)
        if !queue.append(job) { counters.submitted.wrappingSubtract(1, ordering: .releasing) }
    }
}
