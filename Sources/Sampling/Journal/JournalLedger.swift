// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// The last errors of each followed unit.
final class JournalLedger: Sendable {
    /// More of a message is not kept.
    static let longestMessage = 1024
    /// All kept messages together; beyond that the oldest goes, whosever it is.
    static let mostBytes = 512 << 10

    private struct State {
        var lines: [String: [LogsQuery.Line]] = [:]
        var bytes = 0
        var limit = JournalOptions.usualErrors
    }

    private let state = Mutex(State())

    /// Keeps an error of a unit, which may be older than those that are kept: the past is read backwards.
    func keep(_ line: LogsQuery.Line, of unit: String) {
        state.withLock { state in
            let earlier = state.lines[unit]?.lastIndex { $0.time <= line.time }
            state.lines[unit, default: []].insert(line, at: earlier.map { $0 + 1 } ?? 0)
            state.bytes += Self.weight(line)
            Self.trim(unit, &state)
            while state.bytes > Self.mostBytes, let oldest = Self.oldest(state) { Self.drop(oldest, &state) }
        }
    }

    /// Keeps so many of each unit from now on.
    func limit(_ count: Int) {
        state.withLock { state in
            state.limit = count
            for unit in Array(state.lines.keys) { Self.trim(unit, &state) }
        }
    }

    /// Forgets the units that are not followed any more.
    func keep(_ isFollowed: (String) -> Bool) {
        state.withLock { state in
            state.lines = state.lines.filter { isFollowed($0.key) }
            state.bytes = state.lines.values.joined().reduce(0) { $0 + Self.weight($1) }
        }
    }

    /// Forgets all.
    func clear() {
        state.withLock { state in
            state.lines = [:]
            state.bytes = 0
        }
    }

    /// What is kept, by unit, the oldest first.
    var lines: [String: [LogsQuery.Line]] { state.withLock { $0.lines } }

    private static func trim(_ unit: String, _ state: inout State) {
        while state.lines[unit]?.count ?? 0 > state.limit { drop(unit, &state) }
    }

    private static func drop(_ unit: String, _ state: inout State) {
        guard let line = state.lines[unit]?.removeFirst() else { return }
        state.bytes -= weight(line)
        if state.lines[unit]?.isEmpty ?? false { state.lines[unit] = nil }
    }

    private static func oldest(_ state: State) -> String? {
        state.lines.min { ($0.value.first?.time ?? "") < ($1.value.first?.time ?? "") }?.key
    }

    /// What a line costs beside its texts.
    private static func weight(_ line: LogsQuery.Line) -> Int { line.message.utf8.count + 256 }
}
