// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// Runs an http check and keeps its connection between the attempts.
final class HTTPProbe: Probe, LoopConfined, @unchecked Sendable {
    private let plan: HTTPPlan
    private let context: ProbeContext
    private let client: HTTPClient
    private let gate = PatternGate()
    private var running: HTTPRun?

    init(_ plan: HTTPPlan, _ context: ProbeContext, interval: Duration) {
        self.plan = plan
        self.context = context
        client = HTTPClient(
            plan.dial, context.outbound, resolver: Resolver(lanes: context.lanes, time: context.time),
            interval: interval)
    }

    /// What the page shows when somebody else has to answer for this probe.
    var seriesWhenDown: [SeriesPoint] { HTTPFamilies.series(nil, phases: [], redirects: 0, overTLS: false) }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        context.eventLoop.perform { self.begin(attempt, done) }
    }

    func close() {
        context.eventLoop.execute {
            self.running?.abandon()
            self.client.close()
        }
    }

    private func begin(_ attempt: Attempt, _ done: @escaping @Sendable (ProbeResult) -> Void) {
        guard running == nil else {
            done(.busy)
            return
        }
        let run = HTTPRun(plan, context, client: client, gate: gate, attempt: attempt) { [self] result in
            running = nil
            done(result)
        }
        running = run
        run.start()
    }
}
