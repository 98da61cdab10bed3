// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How long each step of one attempt took; tells the attempt at which step it is, for its timeout.
///
/// Shared by all who take part in the attempt, and confined to where it runs: the event loop or one lane.
final class PhaseLog {
    /// The attempt that is told.
    let attempt: Attempt
    private let time: any TimeSource
    private var current: ProbePhase?
    private var since = Instant(nanoseconds: 0)
    private var spent: [(phase: ProbePhase, duration: Duration)] = []

    init(attempt: Attempt, time: any TimeSource) {
        self.attempt = attempt
        self.time = time
    }

    /// Notes that a step begins; a step may come back (a second address) and its times add up.
    func enter(_ phase: ProbePhase) {
        if phase == current { return }
        let now = time.now
        close(at: now)
        current = phase
        since = now
        attempt.enter(phase)
    }

    /// Ends the step that runs.
    func leave() { close(at: time.now) }

    /// The steps so far, in the order of an attempt.
    var timings: [PhaseTiming] {
        spent.map { PhaseTiming($0.phase, $0.duration) }.sorted { $0.phase.rawValue < $1.phase.rawValue }
    }

    private func close(at now: Instant) {
        guard let phase = current else { return }
        current = nil
        if let index = spent.firstIndex(where: { $0.phase == phase }) {
            spent[index].duration += now - since
        } else {
            spent.append((phase, now - since))
        }
    }
}
