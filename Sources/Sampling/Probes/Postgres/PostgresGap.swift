// SPDX-License-Identifier: Apache-2.0

/// Something that the thresholds of a check need and that the server did not say at this attempt, although nobody
/// refused it.
struct PostgresGap: Hashable, CustomStringConvertible {
    /// Why it is not known.
    enum Cause: String {
        case notAsked = "no time was left to ask"
        case late = "no answer in time"
        case closed = "the connection was closed"
        case failed = "the server could not answer"
    }

    let extra: PostgresExtra
    let cause: Cause

    var description: String { "\(extra.subject) (\(cause.rawValue))" }
}

extension PostgresGap.Cause {
    /// How a question ended that was answered by this.
    init(_ failure: PostgresFailure) {
        switch failure {
        case .timeout: self = .late
        case .server where failure.isLimitReached: self = .late
        case .server where failure.endsKeptConnection: self = .closed
        case .server, .tooManyRows: self = .failed
        case .lost, .passwordMissing: self = .closed
        }
    }
}
