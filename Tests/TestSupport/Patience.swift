// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// Waits for what other threads do.
package enum Patience {
    /// What was waited for did not come.
    package struct Exhausted: Error, CustomStringConvertible {
        /// For the report of the test.
        package let description: String
    }

    /// Tries until a condition holds, at most a minute; throws `Exhausted` where it never does.
    package static func wait(for what: String, _ condition: () throws -> Bool) throws {
        let end = Monotonic().now + .seconds(60)
        while try !condition() {
            guard Monotonic().now < end else { throw Exhausted(description: "waited in vain for \(what)") }
            poll(nil, 0, 5)
        }
    }
}

/// The machine's clocks.
package struct Monotonic: TimeSource {
    /// Makes them.
    package init() {}

    /// CLOCK_MONOTONIC.
    package var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Always the epoch.
    package var wall: WallTime { WallTime(nanoseconds: 0) }
    /// Always zero.
    package var sinceBoot: Duration { .zero }
}
