// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ProbeResult {
    /// The result of an attempt that came to nothing.
    init(_ failure: ProbeFailure) {
        self.init(failure.outcome, reason: failure.reason, message: failure.message)
    }

    /// The result of an attempt of which nobody will read.
    static let abandoned = ProbeResult(
        .unknown, reason: "inconclusive.closed", message: "vitald stopped")

    /// The result of an attempt that begins while the one before it is still running. Every attempt ends by its
    /// deadline, so the caller did not wait for it.
    static let busy = ProbeResult(
        .unknown, reason: "inconclusive.busy", message: "the attempt before this one is still running")
}

extension Fact {
    /// How long the target took, in milliseconds.
    static func latency(_ duration: Duration) -> Fact {
        Fact("latency_ms", .number((duration.milliseconds * 1000).rounded() / 1000))
    }
}
