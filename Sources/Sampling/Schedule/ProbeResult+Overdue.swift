// SPDX-License-Identifier: Apache-2.0

package import Vitals

extension ProbeResult {
    /// The result of an attempt that is not back by its deadline, made by whoever waits for it.
    ///
    /// An attempt that never got a thread says nothing about its target: `unknown`, `inconclusive.lanes`.
    /// Every other one is a fail and names the step at which it hangs: `timeout.resolve`.
    package static func overdue(_ attempt: Attempt, series: [SeriesPoint]) -> ProbeResult {
        let allowed = DurationText.render(attempt.deadline - attempt.started)
        var result =
            attempt.phase == .queued
            ? ProbeResult(
                .unknown, reason: "inconclusive.lanes",
                message: "all worker threads were busy for \(allowed): other checks are blocked")
            : ProbeResult(
                .fail, reason: Reason("timeout.\(attempt.phase.word)"),
                message: "no answer within \(allowed), \(attempt.phase.doing)")
        result.duration = attempt.deadline - attempt.started
        result.series = series
        return result
    }

    /// The sentence of an attempt for which the system gives no thread.
    static let noThread = "no thread can be started for this check. Raise TasksMax= of the unit"

    /// The result of an attempt for which the system gives no thread: it says nothing about its target.
    static func threadless(series: [SeriesPoint] = []) -> ProbeResult {
        var result = ProbeResult(.unknown, reason: "inconclusive.lanes", message: noThread)
        result.series = series
        return result
    }

    /// The result of an attempt that cannot begin, because an earlier one still hangs.
    static func stillWaiting(for earlier: Attempt, now: Instant, series: [SeriesPoint]) -> ProbeResult {
        var result = overdue(earlier, series: series)
        let age = Duration.milliseconds((now - earlier.started).nanoseconds / 1_000_000)
        result.message =
            earlier.phase == .queued
            ? "still waiting for a worker thread after \(DurationText.render(age)): other checks are blocked"
            : "still waiting after \(DurationText.render(age)), \(earlier.phase.doing)"
        result.duration = .zero
        return result
    }
}

extension ProbePhase {
    /// What is being done at this step, for sentences.
    package var doing: String {
        switch self {
        case .queued: "waiting for a thread"
        case .resolve: "resolving the name"
        case .connect: "connecting"
        case .tls: "negotiating TLS"
        case .authenticate: "authenticating"
        case .processing: "waiting for the answer"
        case .transfer: "reading the answer"
        }
    }
}
