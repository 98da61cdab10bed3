// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Threads
import Vitals

/// Runs a tcp check: each attempt opens its own connection, because opening it is what is checked.
///
/// `@unchecked Sendable`: `running` is touched on the event loop only.
final class TCPProbe: Probe, @unchecked Sendable {
    private let plan: TCPPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private var running: TCPRun?

    init(_ plan: TCPPlan, _ context: ProbeContext) {
        self.plan = plan
        self.context = context
        resolver = Resolver(lanes: context.lanes, time: context.time)
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        context.eventLoop.perform { self.begin(attempt, done) }
    }

    func close() { context.eventLoop.execute { self.running?.abandon() } }

    private func begin(_ attempt: Attempt, _ done: @escaping @Sendable (ProbeResult) -> Void) {
        guard running == nil else {
            // Every attempt ends by its deadline, so the caller did not wait for it.
            done(
                ProbeResult(
                    .unknown, reason: "inconclusive.busy",
                    message: "the attempt before this one is still running"))
            return
        }
        let run = TCPRun(plan, context, resolver: resolver, attempt: attempt) { [self] result in
            running = nil
            done(result)
        }
        running = run
        run.start()
    }
}
