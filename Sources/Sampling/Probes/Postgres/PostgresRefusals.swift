// SPDX-License-Identifier: Apache-2.0

import Outbound
import Synchronization
import Vitals

/// The refusals that a check of Postgres has met; shared by those who connect and those who ask, and by the probe that
/// takes the place of another one, whose last attempt may still be on its lane.
final class PostgresRefusals: Sendable {
    typealias Cause = Refusals<PostgresExtra>.Cause

    private struct State {
        var list = Refusals<PostgresExtra>()
        var takesLimits = false
    }

    private let place: String
    private let time: any TimeSource
    private let state = Mutex(State())

    init(_ place: String, time: any TimeSource) {
        self.place = place
        self.time = time
    }

    /// Whether limits that went along with a statement were taken: then they are not what the other side hung up on.
    var takesLimits: Bool {
        get { state.withLock { $0.takesLimits } }
        set { state.withLock { $0.takesLimits = newValue } }
    }

    func cause(_ extra: PostgresExtra, for interval: Duration? = nil) -> Cause? {
        let now = time.now
        return state.withLock {
            $0.list.cause(extra, at: now, for: interval ?? Refusals<PostgresExtra>.interval)
        }
    }

    func note(_ extra: PostgresExtra, _ cause: Cause) {
        let now = time.now
        state.withLock { $0.list.note(extra, cause, at: now, consequence: extra.consequence) }
    }

    func forget(_ extra: PostgresExtra) { state.withLock { $0.list.forget(extra) } }

    /// Adds what there is to say to the result of an attempt.
    func tell(_ result: inout ProbeResult) {
        let (fact, remarks) = state.withLock { ($0.list.fact, $0.list.remarks()) }
        if let fact { result.facts.append(fact) }
        result.remarks = remarks.map { "\(place): \($0)" }
    }
}

/// What a check of Postgres remembers beyond its probe: a reload that changes thresholds alone makes another one.
struct PostgresMemory: Sendable {
    let refusals: PostgresRefusals
    let resolver: Resolver
    let password: Secret?
}
