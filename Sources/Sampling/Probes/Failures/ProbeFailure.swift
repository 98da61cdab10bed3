// SPDX-License-Identifier: Apache-2.0

import Outbound
import Vitals

/// Why an attempt came to nothing: the verdict, its code and a sentence without any secret.
struct ProbeFailure: Error, Sendable, Hashable {
    let outcome: Outcome
    let reason: Reason
    let message: String
    /// What a refused handshake showed, for the gauges.
    var tls: TLSFindings?

    init(_ outcome: Outcome, _ reason: Reason, _ message: String) {
        self.outcome = outcome
        self.reason = reason
        self.message = message
    }

    /// The system gives no thread for what can block.
    static let threadless = ProbeFailure(.unknown, "inconclusive.lanes", ProbeResult.noThread)

    /// The verdict of the attempt's deadline.
    static func timeout(in phase: ProbePhase, after: Duration, place: String) -> ProbeFailure {
        let seconds = DurationText.render(.milliseconds(Int64(after.milliseconds.rounded())))
        switch phase {
        case .queued:
            return ProbeFailure(
                .unknown, "inconclusive.lanes",
                "all worker threads were busy for \(seconds): other checks are blocked")
        case .resolve:
            return ProbeFailure(.fail, "timeout.resolve", "the name was not resolved within \(seconds)")
        case .connect:
            return ProbeFailure(.fail, "timeout.connect", "\(place) did not answer within \(seconds)")
        case .tls:
            return ProbeFailure(
                .fail, "timeout.tls", "the TLS handshake with \(place) was not done within \(seconds)")
        case .authenticate, .processing:
            return ProbeFailure(
                .fail, Reason("timeout." + phase.word), "\(place) sent no answer within \(seconds)")
        case .transfer:
            return ProbeFailure(
                .fail, "timeout.transfer", "\(place) began to answer, but was not done within \(seconds)")
        }
    }
}
