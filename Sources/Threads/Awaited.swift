// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// A value that one thread waits for, for so long, and another one brings, once.
///
/// `@unchecked Sendable`: `value` is touched only with `mutex` held.
package final class Awaited<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value?

    /// Makes one that nobody has brought yet.
    package init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The default is CLOCK_REALTIME, which jumps.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Brings the value; the first one counts.
    package func fulfil(_ brought: Value) {
        pthread_mutex_lock(mutex)
        if value == nil { value = brought }
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Blocks until the value is there, for at most `patience`; nil when it did not come.
    package func value(within patience: Duration) -> Value? {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = Int64(end.tv_nsec) &+ max(0, patience.nanoseconds) % 1_000_000_000
        end.tv_sec += Int(max(0, patience.nanoseconds) / 1_000_000_000 + nanoseconds / 1_000_000_000)
        end.tv_nsec = Int(nanoseconds % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while value == nil {
            if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { break }
        }
        return value
    }
}
