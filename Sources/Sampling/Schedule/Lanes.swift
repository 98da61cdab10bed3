// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Threads for C calls that block. A lane exists only while it works; at most `limit` at once, the rest queue.
package final class Lanes: Sendable {
    /// At most this many threads at once: 32 hung dependencies still leave the daemon small.
    package static let defaultLimit = 32
    /// libpq with OpenSSL and NSS modules needs well under this; the default of 8 MiB only costs address space.
    package static let defaultStackSize = 512 * 1024

    private struct State {
        var working = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let limit: Int
    private let stackSize: Int
    private let state = Mutex(State())

    /// Makes a set of lanes.
    package init(limit: Int = Lanes.defaultLimit, stackSize: Int = Lanes.defaultStackSize) {
        self.limit = limit
        self.stackSize = stackSize
    }

    /// Runs a job on a lane, now or as soon as one is free; never on the caller's thread.
    package func run(_ job: @escaping @Sendable () -> Void) {
        let start = state.withLock { state in
            guard state.working < limit else {
                state.waiting.append(job)
                return false
            }
            state.working += 1
            return true
        }
        if start { open(job) }
    }

    /// How many lanes are working.
    package var working: Int { state.withLock { $0.working } }

    private func open(_ job: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(lanes: self, first: job))
        // Raw storage: the initialiser of the C struct belongs to whichever module Clang saw it in first.
        let code = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { storage -> Int32 in
            guard let attributes = storage.baseAddress, pthread_attr_init(attributes) == 0 else {
                return ENOMEM
            }
            defer { pthread_attr_destroy(attributes) }
            pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
            pthread_attr_setstacksize(attributes, stackSize)
            var thread = pthread_t()
            return pthread_create(
                &thread, attributes,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
                    return nil
                }, work.toOpaque())
        }
        if code != 0 {
            // No thread to be had: the job waits for the next lane that ends; its deadline says so in time.
            work.release()
            state.withLock { state in
                state.working -= 1
                state.waiting.append(job)
            }
        }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.working -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    /// The work of one thread: its first job, then whatever waits.
    private final class Work: Sendable {
        let lanes: Lanes
        let first: @Sendable () -> Void

        init(lanes: Lanes, first: @escaping @Sendable () -> Void) {
            self.lanes = lanes
            self.first = first
        }

        func run() {
            first()
            while let job = lanes.next() { job() }
        }
    }
}
