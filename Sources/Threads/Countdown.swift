// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Vitals

/// The time that is left of an attempt, and waiting for a descriptor within it.
package struct Countdown: Sendable {
    /// How a wait ended.
    package enum Wait: Sendable {
        /// The descriptor is ready, or has an error that the next call on it reports.
        case ready
        /// The time is over.
        case late
        /// poll(2) itself failed.
        case failed(errno: Int32)
    }

    /// The clock.
    package let time: any TimeSource
    /// When the time is over.
    package let deadline: Instant

    /// Makes a countdown.
    package init(time: any TimeSource, deadline: Instant) {
        self.time = time
        self.deadline = deadline
    }

    /// What is left; never negative.
    package var remaining: Duration { max(.zero, deadline - time.now) }

    /// The least share of a try, while so much is left: the first SYN of a far host is answered within that, so a
    /// hundred addresses do not take it from the near one that works (RFC 8305, 8, waits as long between them).
    package static let leastShare = Duration.milliseconds(250)

    /// The countdown of one of `parts` tries of equal right: one that hangs leaves time to the others.
    package func share(of parts: Int) -> Countdown {
        guard parts > 1 else { return self }
        return Countdown(
            time: time, deadline: time.now + max(remaining / parts, min(remaining, Self.leastShare)))
    }

    /// The countdown of what must leave the rest of the time to something else.
    package func part(percent: Int64) -> Countdown {
        Countdown(
            time: time, deadline: time.now + .nanoseconds(remaining.nanoseconds / 100 &* percent))
    }

    /// A countdown that ends at `limit` from now, where that is earlier.
    package func atMost(_ limit: Duration) -> Countdown {
        Countdown(time: time, deadline: min(deadline, time.now + limit))
    }

    /// Waits until one of `events` (POLLIN, POLLOUT) is there.
    package func wait(for events: Int16, on descriptor: Int32) -> Wait {
        while true {
            let left = remaining
            guard left > .zero else { return .late }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            // poll counts in ms: rounded up, else the last fraction of a millisecond would be a busy loop.
            let milliseconds = Int32(clamping: (left.nanoseconds &+ 999_999) / 1_000_000)
            let count = poll(&entry, 1, milliseconds)
            if count > 0 { return .ready }
            if count == 0 { return .late }
            if errno != EINTR { return .failed(errno: errno) }
        }
    }
}
