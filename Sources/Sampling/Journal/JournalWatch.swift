// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// What one journal check wants to know, and what was found: the journal's thread notes, the check reads.
final class JournalWatch: Sendable {
    /// What is sought in the messages beside errors.
    enum Pattern: Sendable {
        /// A pattern of the configuration.
        case named(String)
        /// One of the check's own.
        case own(JournalSearch)
    }

    /// What it looks for.
    struct Plan: Sendable {
        /// Globs of the units.
        var units: [String]
        /// How far back errors and matches count.
        var window: Duration
        /// Entries of this priority or a more urgent one are errors.
        var priority: JournalPriority
        /// What is sought in the messages.
        var pattern: Pattern?
        /// How far back the journal is read when the watch begins, so that a restart forgets nothing.
        var lookBack: Duration

        /// Whether what was counted by this plan is what another one of the same units and pattern would have counted.
        func counts(as other: Plan) -> Bool {
            units == other.units && window == other.window && priority == other.priority
                && lookBack >= other.lookBack
        }
    }

    /// What was found by now.
    struct Findings: Sendable, Hashable {
        /// Errors within the window.
        var errors: Int
        /// Messages within the window that hold the pattern.
        var matches: Int
        /// The last entry of any kind.
        var last: Instant?
        /// From when on every entry was seen; nil while that is not so.
        var since: Instant?
    }

    private struct State {
        var errors: WindowCount
        var matches: WindowCount
        var last: Instant?
        var since: Instant?
        var mayAnswer = false
        var waiting: [@Sendable () -> Void] = []
    }

    /// What it looks for.
    let plan: Plan
    private let state: Mutex<State>

    init(_ plan: Plan) {
        self.plan = plan
        state = Mutex(State(errors: WindowCount(plan.window), matches: WindowCount(plan.window)))
    }

    /// Takes an entry of one of its units. `isMatch` is whether it holds the plan's pattern.
    func note(_ record: JournalRecord, isMatch: Bool, at arrival: Instant) {
        let isError = record.priority <= plan.priority
        state.withLock { state in
            state.last = max(state.last ?? arrival, arrival)
            if isError { state.errors.add(at: arrival) }
            if isMatch { state.matches.add(at: arrival) }
        }
    }

    /// Begins anew: what it saw was in another place.
    func forget() {
        state.withLock { state in
            state.errors = WindowCount(plan.window)
            state.matches = WindowCount(plan.window)
            state.last = nil
            state.since = nil
        }
    }

    /// From this moment on every entry was seen.
    func cover(since: Instant) { state.withLock { $0.since = $0.since ?? since } }

    /// What was found by now.
    func findings(at now: Instant) -> Findings {
        state.withLock { state in
            Findings(
                errors: state.errors.count(at: now), matches: state.matches.count(at: now), last: state.last,
                since: state.since)
        }
    }

    /// Calls back once the journal was read for the first time, or could not be; at once where that is so already.
    func whenReady(_ body: @escaping @Sendable () -> Void) {
        let isReady = state.withLock { state in
            // Attempts whose deadline has passed stay in the list, where nothing reads the journal at all.
            if !state.mayAnswer, state.waiting.count < Self.mostWaiting { state.waiting.append(body) }
            return state.mayAnswer
        }
        if isReady { body() }
    }

    /// Lets it answer.
    func allowAnswers() {
        let waiting = state.withLock { state in
            state.mayAnswer = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
    }

    private static let mostWaiting = 4
}
