// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The refusals that a check of Postgres has met; shared by those who connect and those who ask, confined to one lane.
final class PostgresRefusals {
    typealias Cause = Refusals<PostgresExtra>.Cause

    private let place: String
    private let time: any TimeSource
    private var list = Refusals<PostgresExtra>()
    /// Whether limits that went along with a statement were taken: then they are not what the other side hung up on.
    var takesLimits = false

    init(_ place: String, time: any TimeSource) {
        self.place = place
        self.time = time
    }

    func cause(_ extra: PostgresExtra, for interval: Duration? = nil) -> Cause? {
        list.cause(extra, at: time.now, for: interval ?? Refusals<PostgresExtra>.interval)
    }

    func note(_ extra: PostgresExtra, _ cause: Cause) {
        list.note(extra, cause, at: time.now, consequence: extra.consequence)
    }

    func forget(_ extra: PostgresExtra) { list.forget(extra) }

    /// Adds what there is to say to the result of an attempt.
    func tell(_ result: inout ProbeResult) {
        if let fact = list.fact { result.facts.append(fact) }
        result.remarks = list.remarks().map { "\(place): \($0)" }
    }
}
