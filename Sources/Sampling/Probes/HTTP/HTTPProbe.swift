// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Threads
import Vitals

/// Runs an http check and keeps its connection between the attempts.
///
/// `@unchecked Sendable`: the mutable properties are touched on the event loop only.
final class HTTPProbe: Probe, @unchecked Sendable {
    private let plan: HTTPPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let gate = PatternGate()
    private var kept: HTTPLine?
    private var running: HTTPRun?

    init(_ plan: HTTPPlan, _ context: ProbeContext) {
        self.plan = plan
        self.context = context
        resolver = Resolver(lanes: context.lanes, time: context.time)
    }

    /// What the page shows when somebody else has to answer for this probe.
    var seriesWhenDown: [SeriesPoint] { HTTPFamilies.series(nil, phases: [], redirects: 0, overTLS: false) }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        context.eventLoop.perform { self.begin(attempt, done) }
    }

    func close() {
        context.eventLoop.execute {
            self.running?.abandon()
            self.kept?.conversation.hangUp()
            self.kept = nil
        }
    }

    private func begin(_ attempt: Attempt, _ done: @escaping @Sendable (ProbeResult) -> Void) {
        guard running == nil else {
            // Every attempt ends by its deadline, so the caller did not wait for it.
            done(
                ProbeResult(
                    .unknown, reason: "inconclusive.busy",
                    message: "the attempt before this one is still running"))
            return
        }
        var line = kept
        kept = nil
        if let old = line, !old.isUsable(at: context.time.now) {
            old.conversation.hangUp()
            line = nil
        }
        let run = HTTPRun(
            plan, context, resolver: resolver, gate: gate, attempt: attempt, kept: line
        ) { [self] result, line in
            running = nil
            kept = line
            done(result)
        }
        running = run
        run.start()
    }
}
