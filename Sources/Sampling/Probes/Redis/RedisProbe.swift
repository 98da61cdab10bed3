// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Outbound
import Threads
import Vitals

/// Probes one Redis: keeps a connection, sends PING at every attempt, and makes a new one every minute.
///
/// `@unchecked Sendable`: the mutable properties are touched on the event loop only.
final class RedisProbe: Probe, @unchecked Sendable {
    private let plan: RedisPlan
    private let context: ProbeContext
    private let resolver: Resolver
    private let refusals: RedisRefusals
    private var kept: RedisLine?
    private var running: RedisRun?
    private var isClosed = false

    /// Makes a probe. It goes on with the addresses that another one of the same target has found, and, with the same
    /// credentials, with the refusals that it has met.
    init(
        _ plan: RedisPlan, _ context: ProbeContext, resolver: Resolver, following old: RedisProbe? = nil
    ) {
        self.plan = plan
        self.context = context
        self.resolver = old?.resolver ?? resolver
        let isSame = old?.plan.kind.password == plan.kind.password
        refusals = RedisRefusals(
            plan.kind, time: context.time, following: isSame ? old?.refusals : nil)
    }

    var seriesWhenDown: [SeriesPoint] {
        [SeriesPoint(RedisFamilies.up, .integer(0), whenStale: .zero)]
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        context.eventLoop.perform { self.begin(attempt, done) }
    }

    func close() {
        context.eventLoop.execute {
            self.isClosed = true
            self.running?.abandon()
            self.kept?.conversation.hangUp()
            self.kept = nil
        }
    }

    private func begin(_ attempt: Attempt, _ done: @escaping @Sendable (ProbeResult) -> Void) {
        if let running {
            // Every attempt ends by its deadline, so the caller did not wait for it.
            done(
                ProbeResult.stillWaiting(
                    for: running.attempt, now: context.time.now, series: seriesWhenDown))
            return
        }
        // That it ended while idle is no failure of the target: a new connection shows what is.
        if let old = kept, !old.conversation.isFree {
            old.conversation.hangUp()
            kept = nil
        }
        let run = RedisRun(
            plan, context, resolver: resolver, refusals: refusals, attempt: attempt, kept: kept
        ) { [self] result, line in
            running = nil
            kept = line
            done(result)
        }
        kept = nil
        running = run
        if isClosed { run.abandon() } else { run.start() }
    }
}
