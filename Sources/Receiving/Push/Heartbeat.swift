// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// One heartbeat check, as the store needs it.
package struct HeartbeatCheck: Sendable {
    /// The keys that every check has.
    package var definition: CheckDefinition
    /// Its time to live and its binding.
    package var kind: HeartbeatKind

    /// Makes a check.
    package init(_ definition: CheckDefinition, _ kind: HeartbeatKind) {
        self.definition = definition
        self.kind = kind
    }
}

/// What one heartbeat check has heard, and what that means. Pure; the store holds it under its lock.
struct Heartbeat: Sendable {
    /// What the silence or the beats mean.
    enum Verdict: Sendable, Hashable {
        /// Never heard, and not yet overdue.
        case awaited
        /// Heard within the time to live.
        case alive
        /// Never heard, and overdue.
        case missing
        /// Heard, but too long ago.
        case expired
        /// The connection that beat last is gone.
        case disconnected
    }

    var check: HeartbeatCheck
    /// When it was first expected; the deadline of the first beat counts from here.
    private(set) var expectedSince: Instant
    private(set) var lastBeat: Instant?
    private(set) var beats: UInt64 = 0
    private(set) var connection: ConnectionID?
    private(set) var disconnected: Instant?
    private(set) var origin: PeerOrigin?
    private(set) var told: (verdict: Verdict, at: Instant)?

    init(_ check: HeartbeatCheck, expectedSince: Instant) {
        self.check = check
        self.expectedSince = expectedSince
    }

    /// When the silence becomes a failure: absolute, so that nothing but a beat moves it.
    var deadline: Instant { (lastBeat ?? expectedSince) + check.kind.ttl }

    /// Takes a beat; one that was received earlier than another but is told later moves nothing back.
    mutating func beat(from source: PushSource, at received: Instant) {
        beats &+= 1
        if let lastBeat, lastBeat > received { return }
        lastBeat = received
        connection = source.connection
        origin = source.origin
        disconnected = nil
    }

    /// Notes the end of a connection.
    mutating func closed(_ id: ConnectionID, at instant: Instant) {
        if connection == id, disconnected == nil { disconnected = instant }
    }

    /// Goes by another configuration from now on, with all it has heard. What it means is told again only where that
    /// may be something else by now, or its judge starts from scratch.
    mutating func replace(_ new: HeartbeatCheck, at now: Instant) {
        if !new.definition.asksTheSame(as: check.definition) || new.kind != check.kind { told = nil }
        // While it was switched off nobody expected a beat.
        if new.definition.enabled, !check.definition.enabled, lastBeat == nil { expectedSince = now }
        check = new
    }

    /// What it means at an instant. While the verdict on silence is held back, silence means nothing new.
    func verdict(at now: Instant, holding: Bool) -> Verdict {
        if disconnected != nil, check.kind.binding == .connection { return .disconnected }
        if now >= deadline {
            if holding { return told?.verdict ?? (lastBeat == nil ? .awaited : .alive) }
            return lastBeat == nil ? .missing : .expired
        }
        return lastBeat == nil ? .awaited : .alive
    }

    /// Whether what arrived just now changed what it means.
    func hasNews(at now: Instant) -> Bool {
        let verdict = verdict(at: now, holding: false)
        return verdict != .awaited && told?.verdict != verdict
    }

    /// When `takeResult` next has something to give, as far as can be known now.
    func nextResult(now: Instant, heldUntil: Instant) -> Instant {
        let verdict = verdict(at: now, holding: now < heldUntil)
        let change = verdict == .awaited || verdict == .alive ? max(deadline, heldUntil) : nil
        guard verdict != .awaited else { return change ?? deadline }
        guard let told, told.verdict == verdict else { return now }
        let again = told.at + check.definition.interval
        return max(now, change.map { min($0, again) } ?? again)
    }

    /// The result to record now: when the verdict changed, and once in every interval, so that its age is told.
    mutating func takeResult(at now: Instant, holding: Bool) -> ProbeResult? {
        let verdict = verdict(at: now, holding: holding)
        guard verdict != .awaited, check.definition.enabled else { return nil }
        if let told, told.verdict == verdict, now - told.at < check.definition.interval { return nil }
        told = (verdict, now)
        var result = result(of: verdict, at: now)
        result.facts = facts(at: now)
        return result
    }

    private func result(of verdict: Verdict, at now: Instant) -> ProbeResult {
        let ttl = Self.text(check.kind.ttl)
        let age = Self.text(now - (lastBeat ?? expectedSince))
        var result: ProbeResult
        switch verdict {
        case .awaited, .alive:
            return ProbeResult(.pass, message: "last beat \(age) ago, ttl \(ttl)")
        case .missing:
            result = ProbeResult(
                .fail, reason: "heartbeat.missing",
                message: "no beat yet, expected for \(age), ttl \(ttl): is the sender running, and does it "
                    + "beat for \"\(check.definition.name)\"?")
        case .expired:
            result = ProbeResult(
                .fail, reason: "heartbeat.expired", message: "last beat \(age) ago, ttl \(ttl)")
        case .disconnected:
            let gone = Self.text(now - (disconnected ?? now))
            result = ProbeResult(
                .fail, reason: "heartbeat.disconnected",
                message: "the connection that beat last closed \(gone) ago, last beat \(age) ago")
        }
        result.definitive = true
        return result
    }

    private func facts(at now: Instant) -> [Fact] {
        var facts: [Fact] = []
        if let lastBeat { facts.append(Fact("age_seconds", .number(max(0, (now - lastBeat).seconds)))) }
        facts.append(Fact("beats", .integer(Int64(clamping: beats))))
        facts.append(Fact("ttl_seconds", .number(check.kind.ttl.seconds)))
        if let unit = origin?.unit, !unit.isEmpty { facts.append(Fact("unit", .text(unit))) }
        if let container = origin?.container, !container.isEmpty {
            facts.append(Fact("container", .text(container)))
        }
        return facts
    }

    /// A length of time for people: `75 s`, `45 min`, `30 h`.
    private static func text(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        return switch seconds {
        case ..<600: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        default: "\(seconds / 3_600) h"
        }
    }
}
