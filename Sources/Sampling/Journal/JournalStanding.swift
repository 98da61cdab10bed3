// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// How far the reading of the journal has come, told by its thread and read by everybody else.
final class JournalStanding: Sendable {
    private struct State {
        var begun: Instant?
        var start = WallTime(nanoseconds: 0)
        var wasOpen = false
        var problem: JournalProblem?
        var problemSince: Instant?
        var remarks: [String] = []
        var slow: [String] = []
        /// Set while there may be something to read, and not all of it is read.
        var readingSince: Instant?
        /// The last entry read, while more of them wait.
        var lastRead: WallTime?
    }

    private let state = Mutex(State())

    /// The thread begins; what is older is history.
    func begin(at now: Instant, wall: WallTime) {
        state.withLock { $0 = State(begun: now, start: wall, readingSince: now) }
    }

    /// The thread begins anew, elsewhere.
    func restart(at now: Instant, wall: WallTime) {
        state.withLock { state in
            guard state.begun != nil else { return }
            state = State(begun: now, start: wall, readingSince: now)
        }
    }

    /// Nothing reads any more.
    func end() { state.withLock { $0 = State() } }

    /// Something may have come.
    func reading(since now: Instant) { state.withLock { $0.readingSince = $0.readingSince ?? now } }

    /// This entry was read, and more may wait.
    func passed(_ entry: WallTime) { state.withLock { $0.lastRead = entry } }

    /// Everything there is was read.
    func caughtUp(_ remarks: [String]) {
        state.withLock { state in
            // A thread that was sent away says one last word, which is nobody's any more.
            guard state.begun != nil else { return }
            state.wasOpen = true
            state.problem = nil
            state.problemSince = nil
            state.remarks = remarks
            state.readingSince = nil
            state.lastRead = nil
        }
    }

    /// It cannot be read, or not all of it, since then.
    func failed(_ problem: JournalProblem, since: Instant, _ remarks: [String] = []) {
        state.withLock { state in
            guard state.begun != nil else { return }
            state.problem = problem
            state.problemSince = state.problemSince ?? since
            state.remarks = remarks
        }
    }

    /// Why it cannot be read.
    var problem: JournalProblem? { state.withLock { $0.problem } }

    /// What of it cannot, or only slowly, one sentence each, the problem first.
    var missing: [String] {
        state.withLock { state in (state.problem.map { [$0.sentence] } ?? []) + state.remarks + state.slow }
    }

    /// These patterns take too long.
    func slow(_ sentences: [String]) {
        state.withLock { if $0.begun != nil { $0.slow = sentences } }
    }

    /// Patterns that take too long, one sentence each.
    var slow: [String] { state.withLock { $0.slow } }

    /// Whether something reads it.
    var isOn: Bool { state.withLock { $0.begun != nil } }

    /// Age of the oldest entry that is not read; of what never was, since the first try. Nil where nothing reads.
    func lag(now: Instant, wall: WallTime) -> Duration? {
        state.withLock { state in
            guard let begun = state.begun else { return nil }
            // Since then nobody knows what was written.
            if let since = state.problemSince { return max(.zero, now - (state.wasOpen ? since : begun)) }
            guard let since = state.readingSince else { return .zero }
            guard let last = state.lastRead else { return max(.zero, now - since) }
            // What is older than the start is history, which nobody waits for.
            if last < state.start { return max(.zero, now - begun) }
            return .nanoseconds(max(0, wall.nanoseconds &- last.nanoseconds))
        }
    }
}
