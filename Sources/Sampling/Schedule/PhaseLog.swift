// SPDX-License-Identifier: Apache-2.0

import Outbound
import Synchronization
import Vitals

/// How long each step of one attempt took; tells the attempt at which step it is, for its timeout.
///
/// Shared by all who take part in the attempt, on the event loop and on lanes.
final class PhaseLog: Sendable {
    private struct State {
        /// Until its first step an attempt waits for us.
        var phase: ProbePhase? = .queued
        var isOwn = true
        var since: Instant
        var spent: [(phase: ProbePhase, duration: Duration)] = []
        var own = Duration.zero

        mutating func close(at now: Instant) {
            guard let phase else { return }
            self.phase = nil
            let length = now - since
            if isOwn {
                own += length
            } else if let index = spent.firstIndex(where: { $0.phase == phase }) {
                spent[index].duration += length
            } else {
                spent.append((phase, length))
            }
        }
    }

    /// The attempt that is told.
    let attempt: Attempt
    private let time: any TimeSource
    private let state: Mutex<State>

    init(attempt: Attempt, time: any TimeSource) {
        self.attempt = attempt
        self.time = time
        state = Mutex(State(since: attempt.started))
    }

    /// Notes that a step begins; a step may come back (a second address) and its times add up. One of vitald's own,
    /// as waiting for a lane, is no part of any step of the target.
    func enter(_ phase: ProbePhase, isOwn: Bool = false) {
        let now = time.now
        let isNew = state.withLock { state in
            guard phase != state.phase || isOwn != state.isOwn else { return false }
            state.close(at: now)
            state.phase = phase
            state.isOwn = isOwn
            state.since = now
            return true
        }
        if isNew { attempt.enter(phase) }
    }

    /// Notes a step of a call.
    func enter(_ step: CallStep) { enter(step.phase, isOwn: step.isOwn) }

    /// Ends the step that runs.
    func leave() {
        let now = time.now
        state.withLock { $0.close(at: now) }
    }

    /// The target's steps so far, in the order of an attempt.
    var timings: [PhaseTiming] {
        state.withLock { $0.spent }.map { PhaseTiming($0.phase, $0.duration) }
            .sorted { $0.phase.rawValue < $1.phase.rawValue }
    }

    /// What vitald itself took of the attempt so far, the step that runs left out.
    var own: Duration { state.withLock { $0.own } }
}
