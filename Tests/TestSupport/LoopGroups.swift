// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import NIOPosix
import Synchronization

/// Event loops of tests that are over. A lane or a thread may come back to one of them behind the end of its test; where
/// the loop is closed by then, a build with assertions ends the whole process ("leaking promise"). So each goes on for a
/// while before it is shut down.
package enum LoopGroups {
    /// Long enough for a call that hung in a test.
    private static let rest = Duration.seconds(10)
    /// More than so many do not wait, each with its thread.
    private static let most = 64

    private static let resting = Mutex<
        [(group: MultiThreadedEventLoopGroup, since: ContinuousClock.Instant)]
    >([])

    /// Shuts a group down, later; returns at once.
    package static func retire(_ group: MultiThreadedEventLoopGroup) {
        let now = ContinuousClock.now
        let over = resting.withLock { resting in
            resting.append((group, now))
            let count = max(resting.count - most, resting.prefix { now - $0.since > rest }.count)
            defer { resting.removeFirst(count) }
            return resting.prefix(count).map(\.group)
        }
        for group in over { group.shutdownGracefully { _ in } }
    }
}
