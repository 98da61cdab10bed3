// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A lane that works when it is told to.
final class HandLane: Sendable {
    private let jobs = Mutex<[@Sendable () -> Void]>([])

    var count: Int { jobs.withLock { $0.count } }

    func add(_ job: @escaping @Sendable () -> Void) { jobs.withLock { $0.append(job) } }

    @discardableResult
    func work() -> Int {
        let waiting = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in waiting { job() }
        return waiting.count
    }
}
