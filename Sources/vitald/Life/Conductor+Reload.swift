// SPDX-License-Identifier: Apache-2.0

import Judging
import Publishing
import Sampling
import Vitals

/// Following another configuration.
///
/// A check that still asks the same is the same check: what is known of it stays, and where its probe needs nothing new,
/// so do the connection and the attempt under way. One that asks something else, one that was added and one that was
/// switched on start from scratch.
extension Conductor {
    /// Takes a new configuration.
    func replace(_ checks: [ConfiguredCheck]) {
        let now = time.now
        let before = definitions
        take(checks, at: now)
        let changed = before.filter { name, old in
            definitions[name].map { !$0.asksTheSame(as: old) } ?? true
        }
        board.forgetResults(of: changed.keys)
        publish(judge.replace(checks: checks.map(Self.judged), at: now, wall: time.wall))
        wake()
    }

    /// Takes over the checks but for the judgement.
    func take(_ checks: [ConfiguredCheck], at now: Instant) {
        var taken: [String: any Probe] = [:]
        var kept: Set<String> = []
        for check in checks where check.definition.enabled {
            let definition = check.definition
            let name = definition.name
            guard let kind = check.kind as? any ProbeKind else { continue }
            guard let old = definitions[name], old.asksTheSame(as: definition), let probe = probes[name]
            else {
                taken[name] = kind.makeProbe(definition, context)
                continue
            }
            kept.insert(name)
            if old.probeFingerprint == definition.probeFingerprint {
                taken[name] = probes.removeValue(forKey: name)
            } else {
                taken[name] = kind.makeProbe(definition, context, following: probe)
            }
        }
        for name in Array(waiting.keys) where !kept.contains(name) { dismiss(name) }
        for (name, probe) in probes {
            retire(probe, of: name, isFollowed: taken[name] != nil, kept.contains(name))
        }
        probes = taken
        definitions = Dictionary(
            checks.map { ($0.definition.name, $0.definition) }, uniquingKeysWith: { first, _ in first })
        for feed in feeds { feed.replace(checks, at: now) }
        scheduler.replace(checks: checks.map(\.definition).filter { taken[$0.name] != nil }, at: now)
        for (name, until) in held { scheduler.hold(name, until: until) }
    }

    /// Lets go of a probe. Where one of the same name follows it, that waits until an attempt under way is back; who
    /// waits for its result gets that of the next one, where it `asksTheSame`.
    private func retire(_ probe: any Probe, of name: String, isFollowed: Bool, _ asksTheSame: Bool) {
        let attempt = supersede(name)
        if isFollowed, let attempt { held[name] = attempt.flight.deadline }
        if asksTheSame {
            if let attempt, !attempt.waiters.isEmpty { waiting[name, default: []] += attempt.waiters }
        } else {
            for waiter in attempt?.waiters ?? [] { waiter(nil) }
        }
        if !isFollowed { dismiss(name) }
        probe.close()
    }
}
