// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Vitals

extension Dial {
    /// A dial of an attempt, whose steps and failures are those of its check.
    convenience init(
        _ plan: Plan, context: ProbeContext, resolver: Resolver, course: PhaseLog,
        configure: @escaping (any Channel) throws -> Void,
        done: @escaping (Result<Connection, ProbeFailure>) -> Void
    ) {
        self.init(
            plan, context: context.outbound, resolver: resolver,
            times: CallTimes(started: course.attempt.started, deadline: course.attempt.deadline),
            step: { course.enter($0) }, configure: configure,
            done: { done($0.mapError { ProbeFailure($0, plan, at: context.time.wall) }) })
    }
}
