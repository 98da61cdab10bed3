// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A first-in-first-out queue on which one thread parks while there is nothing to do.
///
/// `@unchecked Sendable`: everything mutable is touched only between lock and unlock of `mutex`; the two pointers
/// never change and live exactly as long as this object. `Mutex` of the standard library has no condition to
/// wait on, and a pipe or eventfd would cost two system calls for each job.
package final class WorkQueue<Job: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Job] = []
    private var isClosed = false

    /// Makes an empty queue.
    package init() {
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Appends a job; false where the queue is closed and the job will never run.
    package func append(_ job: Job) -> Bool {
        pthread_mutex_lock(mutex)
        let isOpen = !isClosed
        if isOpen { jobs.append(job) }
        pthread_mutex_unlock(mutex)
        // Behind the lock, or the woken thread would wait for it at once.
        if isOpen { pthread_cond_signal(condition) }
        return isOpen
    }

    /// Waits for jobs and takes all of them; nil once the queue is closed and empty.
    package func takeAll() -> [Job]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isClosed { pthread_cond_wait(condition, mutex) }
        guard !jobs.isEmpty else { return nil }
        let taken = jobs
        jobs.removeAll(keepingCapacity: true)
        return taken
    }

    /// Takes no more jobs; those that wait are still handed out.
    package func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}
