// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Vitals

/// Keeps the heartbeats: takes beats as they come in, and says what they mean when asked.
///
/// Each check has one absolute deadline, its last beat and its ttl, which only a beat moves: no reload and no
/// timer restarts it. Silence is judged only when `results` is called, and by the time of receipt: the caller reads
/// the clock, then reads everything that has arrived, then asks with that instant; so a beat that has arrived
/// always goes before the verdict.
///
/// Silence past the deadline is a definitive fail and a beat is a pass. There is no streak in either direction:
/// the ttl is the patience the configuration asks for (judge such a check by beats, not by attempts).
package final class HeartbeatStore: HeartbeatSink {
    /// After a pause of the daemon, silence is judged no sooner: what arrived meanwhile waits to be read.
    package static let settling = Duration.seconds(1)

    private struct State {
        var order: [String] = []
        var heartbeats: [String: Heartbeat] = [:]
        var heldUntil = Instant.distantPast
    }

    private let state: Mutex<State>
    private let wake: @Sendable () -> Void

    /// A store for these checks, whose first beats are expected from now on; those that are switched off take
    /// beats, so that their senders see no error, and say nothing. `wake` is called, on the thread that delivered, whenever a beat or a closed connection changed
    /// what `results` has to say.
    package init(
        checks: [HeartbeatCheck], at now: Instant, wake: @escaping @Sendable () -> Void = {}
    ) {
        state = Mutex(State())
        self.wake = wake
        replace(checks: checks, at: now)
    }

    /// Keeps these checks from now on. A check of the same name keeps its beats and so its deadline.
    package func replace(checks: [HeartbeatCheck], at now: Instant) {
        state.withLock { state in
            let kept = state.heartbeats
            state.order = []
            state.heartbeats = [:]
            for check in checks {
                let name = check.definition.name
                var heartbeat = kept[name] ?? Heartbeat(check, expectedSince: now)
                heartbeat.replace(check, at: now)
                if state.heartbeats.updateValue(heartbeat, forKey: name) == nil { state.order.append(name) }
            }
        }
    }

    /// Takes one beat for a heartbeat check; the instant is that of receipt.
    package func beat(_ check: String, from source: PushSource, at received: Instant) -> HeartbeatAnswer {
        let news: Bool? = state.withLock { state in
            guard var heartbeat = state.heartbeats.removeValue(forKey: check) else { return nil }
            heartbeat.beat(from: source, at: received)
            let news = heartbeat.hasNews(at: received)
            state.heartbeats[check] = heartbeat
            return news
        }
        if news == true { wake() }
        return news == nil ? .unknownCheck : .accepted
    }

    /// Tells that a connection is gone: checks bound to it fail at once.
    package func closed(_ connection: ConnectionID, at instant: Instant) {
        let news = state.withLock { state in
            var news = false
            for name in state.order where state.heartbeats[name]?.connection == connection {
                state.heartbeats[name]?.closed(connection, at: instant)
                news = news || state.heartbeats[name]?.hasNews(at: instant) == true
            }
            return news
        }
        if news { wake() }
    }

    /// The daemon stood still for a while, or the machine was suspended: silence is not judged before what
    /// arrived meanwhile has been read.
    package func timeJumped(at now: Instant) {
        state.withLock { $0.heldUntil = now + Self.settling }
    }

    /// What there is to record, in the order of the configuration: a result for each check whose verdict changed
    /// since it was last told, and for each once in every interval of its own. A check that was never heard and is
    /// not yet overdue has none: it stays pending.
    package func results(at now: Instant) -> [(check: String, result: ProbeResult)] {
        state.withLock { state in
            let holding = now < state.heldUntil
            return state.order.compactMap { name in
                state.heartbeats[name]?.takeResult(at: now, holding: holding).map { (name, $0) }
            }
        }
    }

    /// When `results` next has something to say, if nothing arrives until then; nil without checks.
    package func nextDeadline(after now: Instant) -> Instant? {
        state.withLock { state in
            let heldUntil = state.heldUntil
            return state.heartbeats.values.lazy.filter(\.check.definition.enabled)
                .map { $0.nextResult(now: now, heldUntil: heldUntil) }.min()
        }
    }
}
