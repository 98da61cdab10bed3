// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Vitals

/// Where the newest Report hangs: written by the judge's side, read by everybody, swapped whole.
///
/// Readers never cause work on a dependency and never wait: a read is one short lock around a reference count.
package final class Board: Sendable {
    /// How many changes are kept for subscribers that resume with `since_seq`.
    package static let changesKept = 1024
    /// How many results of each check are kept for `history`.
    package static let resultsKept = 100

    private struct State {
        var report: Report
        var changes: [HealthChange] = []
        var results: [String: [HistoryEntry]] = [:]
        var listeners: [@Sendable (Report, [HealthChange]) -> Void] = []
    }

    /// Random per start: a subscriber sees by it that sequence numbers started again from zero.
    package let epoch: String
    private let state: Mutex<State>
    private let editions = Atomic<UInt64>(0)
    private let rounds = Atomic<UInt64>(0)
    private let generations: Atomic<UInt64>

    /// Makes a board that shows this report.
    package init(epoch: String, report: Report = Report()) {
        self.epoch = epoch
        generations = Atomic(report.generation)
        state = Mutex(State(report: report))
    }

    /// The newest report.
    package var report: Report { state.withLock { $0.report } }

    /// Grows with every publication; who keeps a text made from the report compares it.
    package var edition: UInt64 { editions.load(ordering: .acquiring) }

    /// Which configuration the newest report is of.
    package var generation: UInt64 { generations.load(ordering: .relaxed) }

    /// Rounds of the judging clockwork so far, as `tick` counts them.
    package var ticks: UInt64 { rounds.load(ordering: .relaxed) }

    /// Notes that the judging clockwork went round once, whether or not anything changed.
    package func tick() { rounds.wrappingAdd(1, ordering: .relaxed) }

    /// Hangs up a new report with the changes that led to it, then tells the listeners on this thread.
    package func publish(_ report: Report, _ changes: [HealthChange]) {
        let listeners = state.withLock { state in
            state.report = report
            state.changes.append(contentsOf: changes)
            if state.changes.count > Self.changesKept {
                state.changes.removeFirst(state.changes.count - Self.changesKept)
            }
            return state.listeners
        }
        generations.store(report.generation, ordering: .relaxed)
        editions.wrappingAdd(1, ordering: .releasing)
        for listener in listeners { listener(report, changes) }
    }

    /// Notes one completed attempt for the history.
    package func note(_ entry: HistoryEntry, of check: String) {
        state.withLock { state in
            var kept = state.results.removeValue(forKey: check) ?? []
            if kept.count >= Self.resultsKept { kept.removeFirst(kept.count - Self.resultsKept + 1) }
            kept.append(entry)
            state.results[check] = kept
        }
    }

    /// Forgets the results of these checks: they are gone, or ask something else from now on.
    package func forgetResults(of checks: some Sequence<String>) {
        state.withLock { state in for check in checks { state.results[check] = nil } }
    }

    /// Calls `listener` after every publication, on the publishing thread (the event loop).
    package func listen(_ listener: @escaping @Sendable (Report, [HealthChange]) -> Void) {
        state.withLock { $0.listeners.append(listener) }
    }

    /// The report and the changes behind a sequence number; nil changes where some of them are no longer kept.
    package func changes(since sequence: UInt64) -> (report: Report, changes: [HealthChange]?) {
        state.withLock { state in
            if sequence >= state.report.sequence {
                return (state.report, sequence == state.report.sequence ? [] : nil)
            }
            let newer = state.changes.filter { $0.sequence > sequence }
            let complete = newer.first.map { $0.sequence == sequence + 1 } ?? false
            return (state.report, complete ? newer : nil)
        }
    }

    /// The confirmed changes of a check that are kept, oldest first.
    package func changes(of check: String) -> [HealthChange] {
        state.withLock { state in state.changes.filter { $0.subject == .check(check) } }
    }

    /// The last results of a check, oldest first.
    package func history(of check: String) -> [HistoryEntry] { state.withLock { $0.results[check] ?? [] } }
}

/// One completed attempt, as the history keeps it.
package struct HistoryEntry: Sendable {
    /// When it completed, for people.
    package let wall: WallTime
    /// What it showed.
    package let outcome: Outcome
    /// The level of the check after it.
    package let level: Level
    /// The stable code, where there is one.
    package let reason: Reason?
    /// The sentence.
    package let message: String
    /// How long it took.
    package let duration: Duration

    /// Makes an entry.
    package init(
        wall: WallTime, outcome: Outcome, level: Level, reason: Reason?, message: String, duration: Duration
    ) {
        self.wall = wall
        self.outcome = outcome
        self.level = level
        self.reason = reason
        self.message = message
        self.duration = duration
    }
}
