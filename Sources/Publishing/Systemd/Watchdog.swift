// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// Decides whether the daemon is alive: a beat is sent only while every part that a restart can cure has made
/// progress. What a restart cannot cure (a dependency, journald, a stuck helper) is never asked.
///
/// A pure value: whoever keeps the time looks at the parts, hands the findings in, and does what comes out.
package struct Watchdog: Sendable {
    /// A part whose standstill a restart cures.
    package enum Source: String, CaseIterable, Sendable {
        /// Nothing due is later than five seconds, and its own tick comes every second.
        case scheduler
        /// The event loop ran what was put to it.
        case loop
        /// The sampler's lane finished a job, or has none.
        case sampler
        /// The judge's own tick came, whether or not it changed anything.
        case board
        /// A real question through the Unix socket was answered with the current generation.
        case socket
        /// A real `/livez` was answered with the current generation.
        case http
        /// Every listening socket, those for TCP among them, accepted somebody, or nobody waits.
        case listeners
    }

    /// What one look at a source found.
    package enum Finding: Sendable, Equatable {
        /// It moved since the last look.
        case progress
        /// It did not.
        case still
    }

    /// What to do after a look.
    package enum Verdict: Sendable, Equatable {
        /// All is well, or not yet ill: send the beat. Holds the sources that stood still, for counting.
        case beat(misses: [Source])
        /// Too early to beat: a source stands still, but not for long enough to say that it is stuck.
        case wait(misses: [Source])
        /// The keeper itself woke too late to judge anybody; beat, since the machine was stopped or starved.
        case void
        /// These stood still three looks in a row.
        case stalled([Source])
    }

    /// A verdict needs this many stale looks in a row: one slow look is starvation, three are a standstill.
    package static let looksUntilStalled = 3

    /// The time between two looks.
    package let period: Duration
    private var staleLooks: [Source: Int] = [:]
    private var lastLook: Instant?

    /// Makes a watchdog for the manager's WATCHDOG_USEC: six looks fit into it, so that three stale ones in a
    /// row and the verdict are out well before the manager's own deadline.
    package init(watching window: Duration) { period = .nanoseconds(max(window.nanoseconds / 6, 1_000_000)) }

    /// Takes the findings of one look.
    package mutating func look(_ findings: [Source: Finding], at now: Instant) -> Verdict {
        defer { lastLook = now }
        if let lastLook, now - lastLook > .nanoseconds(period.nanoseconds &* 3) {
            // More than two periods late: the process was stopped, or got no processor. Everybody else was
            // stopped with us, so nobody's silence says anything.
            staleLooks.removeAll()
            return .void
        }
        var misses: [Source] = []
        var stalled: [Source] = []
        for source in Source.allCases {
            guard let finding = findings[source] else {
                staleLooks[source] = nil
                continue
            }
            guard finding == .still else {
                staleLooks[source] = 0
                continue
            }
            misses.append(source)
            let looks = staleLooks[source, default: 0] + 1
            staleLooks[source] = looks
            if looks >= Self.looksUntilStalled { stalled.append(source) }
        }
        if !stalled.isEmpty { return .stalled(stalled) }
        return misses.isEmpty ? .beat(misses: []) : .wait(misses: misses)
    }

    /// The table of who stood still for how many looks, for the journal and STATUS.
    package var table: String {
        Source.allCases.compactMap { source in
            staleLooks[source].map { "\(source.rawValue) \($0 == 0 ? "ok" : "still for \($0) looks")" }
        }.joined(separator: ", ")
    }
}
