// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// Runs a tcp check: each attempt opens its own connection, because opening it is what is checked.
final class TCPProbe: Probe, LoopConfined, @unchecked Sendable {
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
            done(.busy)
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
