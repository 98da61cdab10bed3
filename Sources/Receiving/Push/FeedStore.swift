// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Keeps the checks of one passive kind: takes what is pushed to them as it comes in, and says what it means when asked.
///
/// Each check has one absolute deadline, which only a push moves: no reload and no timer restarts it. Silence is judged
/// only when `results` is called, and by the time of receipt: the caller reads the clock, then reads everything that has
/// arrived, then asks with that instant; so what has arrived always goes before the verdict.
final class FeedStore<Check: FedCheck>: Feed {
    /// After a pause of the daemon, silence is judged no sooner: what arrived meanwhile waits to be read.
    static var settling: Duration { .seconds(1) }

    private struct State {
        var order: [String] = []
        var entries: [String: Entry] = [:]
        var heldUntil = Instant.distantPast
    }

    private struct Entry {
        var check: Check
        /// Whether the daemon was woken for what it has to say; it asks `nextDeadline` then, and knows.
        var isAnnounced = false

        /// Whether what arrived just now is worth waking the daemon for.
        mutating func announce(at now: Instant) -> Bool {
            let wasAnnounced = isAnnounced
            isAnnounced = check.hasNews(at: now)
            return isAnnounced && !wasAnnounced
        }

        mutating func takeResult(at now: Instant, holding: Bool) -> ProbeResult? {
            let result = check.takeResult(at: now, holding: holding)
            if result != nil { isAnnounced = false }
            return result
        }
    }

    let item = Check.Kind.item
    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    /// A store without checks. `wake` is called, on the thread that delivered, when a push or a closed connection changed
    /// what `results` has to say; once until that is said.
    init(wake: @escaping @Sendable () -> Void = {}) { self.wake = wake }

    /// Keeps those of these checks that are of its kind. A check of the same name keeps what it was told and so its
    /// deadline; the first push to others is expected from now on. Those that are switched off take pushes, so that their
    /// senders see no error, and say nothing.
    func replace(_ checks: [ConfiguredCheck], at now: Instant) {
        state.withLock { state in
            let kept = state.entries
            state.order = []
            state.entries = [:]
            for configured in checks {
                guard let kind = configured.kind as? Check.Kind else { continue }
                let definition = configured.definition
                var check = kept[definition.name]?.check ?? Check(definition, kind, at: now)
                check.follow(definition, kind, at: now)
                if state.entries.updateValue(Entry(check: check), forKey: definition.name) == nil {
                    state.order.append(definition.name)
                }
            }
        }
    }

    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal) {
        let wakes: Bool? = state.withLock { state in
            guard var entry = state.entries.removeValue(forKey: item.name) else { return nil }
            entry.check.take(item, from: source, at: received)
            let wakes = entry.announce(at: received)
            state.entries[item.name] = entry
            return wakes
        }
        guard let wakes else { throw .unknownCheck(type: Check.Kind.type, name: item.name) }
        if wakes { wake() }
    }

    func closed(_ connection: ConnectionID, at instant: Instant) {
        let wakes = state.withLock { state in
            var wakes = false
            for name in state.order where state.entries[name]?.check.closed(connection, at: instant) == true {
                if state.entries[name]?.announce(at: instant) == true { wakes = true }
            }
            return wakes
        }
        if wakes { wake() }
    }

    func timeJumped(at now: Instant) { state.withLock { $0.heldUntil = now + Self.settling } }

    func results(at now: Instant) -> [(check: String, result: ProbeResult)] {
        state.withLock { state in
            guard !state.order.isEmpty else { return [] }
            let holding = now < state.heldUntil
            return state.order.compactMap { name in
                state.entries[name]?.takeResult(at: now, holding: holding).map { (name, $0) }
            }
        }
    }

    func nextDeadline(after now: Instant) -> Instant? {
        state.withLock { state in
            // Asked with every tick. Without key paths: in a generic type each use of one looks its types up again.
            var next: Instant?
            for entry in state.entries.values where entry.check.definition.enabled {
                let result = entry.check.nextResult(now: now, heldUntil: state.heldUntil)
                next = min(next ?? result, result)
            }
            return next
        }
    }
}
