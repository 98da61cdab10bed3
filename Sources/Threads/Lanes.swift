// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Threads for C calls that block, at most `limit` at once; what comes beyond that queues.
///
/// A lane exists while it works and a moment longer: checks that run one right after the other share it, and a
/// daemon at rest has none.
///
/// `@unchecked Sendable`: everything mutable is touched only between lock and unlock of `mutex`; the two pointers
/// never change and live exactly as long as this object.
package final class Lanes: @unchecked Sendable {
    /// At most this many threads at once: 32 hung dependencies still leave the daemon small.
    package static let defaultLimit = 32
    /// libpq with OpenSSL and NSS modules needs well under this; the default of 8 MiB only costs address space.
    package static let defaultStackSize = 512 * 1024
    /// A lane waits so long for another job before it ends.
    static let linger = Duration.milliseconds(20)
    /// At most this many lanes wait.
    static let lingering = 4

    private let limit: Int
    private let stackSize: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var threads = 0
    /// Lanes that were begun and have not asked for a job yet.
    private var opening = 0
    /// Lanes that wait for a job.
    private var idle = 0
    private var queue: [(number: UInt64, job: @Sendable () -> Void)] = []
    private var number: UInt64 = 0

    /// Makes a set of lanes.
    package init(limit: Int = Lanes.defaultLimit, stackSize: Int = Lanes.defaultStackSize) {
        self.limit = limit
        self.stackSize = stackSize
        pthread_mutex_init(mutex, nil)
        // Raw storage: the initialiser of the C struct belongs to whichever module Clang saw it in first.
        withUnsafeTemporaryAllocation(of: pthread_condattr_t.self, capacity: 1) { storage in
            guard let attributes = storage.baseAddress else { return }
            pthread_condattr_init(attributes)
            // The default is CLOCK_REALTIME, which jumps.
            pthread_condattr_setclock(attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, attributes)
            pthread_condattr_destroy(attributes)
        }
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs a job on a lane, now or as soon as one is free; never on the caller's thread. Where no thread can be had
    /// the job waits for the next one that can.
    package func run(_ job: @escaping @Sendable () -> Void) {
        _ = begin(job)
    }

    /// Runs a job on a lane as `run` does, or not at all: false where no lane works and no thread can be had.
    package func start(_ job: @escaping @Sendable () -> Void) -> Bool {
        let (number, hasLane) = begin(job)
        guard !hasLane else { return true }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        // Gone where another caller had more luck meanwhile.
        guard threads == 0, let place = queue.firstIndex(where: { $0.number == number }) else { return true }
        queue.remove(at: place)
        return false
    }

    /// Queues a job; tells its number, and false where a lane for it could not be opened.
    private func begin(_ job: @escaping @Sendable () -> Void) -> (number: UInt64, hasLane: Bool) {
        pthread_mutex_lock(mutex)
        // Each job of the queue has one of these lanes for itself, whichever takes it in the end.
        let mustOpen = idle + opening <= queue.count && threads < limit
        number &+= 1
        let own = number
        queue.append((own, job))
        if mustOpen {
            threads += 1
            opening += 1
        }
        pthread_mutex_unlock(mutex)
        // Behind the lock, or the woken lane would wait for it at once.
        if mustOpen { return (own, open()) }
        pthread_cond_signal(condition)
        return (own, true)
    }

    /// How many lanes are working.
    package var working: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return threads - idle
    }

    /// How many lanes there are, those that wait included.
    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return threads
    }

    private func open() -> Bool {
        if OwnThread.start(stackSize: stackSize, { self.work() }) { return true }
        pthread_mutex_lock(mutex)
        threads -= 1
        opening -= 1
        pthread_mutex_unlock(mutex)
        return false
    }

    /// The next job of a lane; nil once it shall end.
    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if queue.isEmpty, idle < Self.lingering { wait() }
        guard queue.isEmpty else { return queue.removeFirst().job }
        threads -= 1
        return nil
    }

    /// Waits for a job, with `mutex` held.
    private func wait() {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_nsec += Int(Self.linger.nanoseconds)
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        idle += 1
        while queue.isEmpty, pthread_cond_timedwait(condition, mutex, &end) != ETIMEDOUT {}
        idle -= 1
    }

    /// What a lane does.
    private func work() {
        pthread_mutex_lock(mutex)
        opening -= 1
        pthread_mutex_unlock(mutex)
        while let job = next() { job() }
    }
}
