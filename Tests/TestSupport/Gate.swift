// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Holds a thread until it is opened.
package final class Gate: Sendable {
    private let isOpen = Mutex(false)

    /// Makes a closed gate.
    package init() {}

    /// Lets everybody through, for good.
    package func open() { isOpen.withLock { $0 = true } }

    /// Waits until it is open.
    package func wait() {
        while !isOpen.withLock({ $0 }) { sched_yield() }
    }
}
