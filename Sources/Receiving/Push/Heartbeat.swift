// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What one heartbeat check has been sent, and what that means.
///
/// Silence past the deadline is a definitive fail and a beat is a pass. There is no streak in either direction: the ttl is
/// the patience that the configuration asks for.
struct Heartbeat: FedCheck {
    /// What the silence or the beats mean.
    enum Verdict: Sendable, Hashable {
        /// Heard within the time to live.
        case alive
        /// Never heard, and overdue.
        case missing
        /// Heard, but too long ago.
        case expired
        /// The connection that beat last is gone.
        case disconnected
    }

    static let leastGap = Duration.zero

    private(set) var definition: CheckDefinition
    private(set) var kind: HeartbeatKind
    var told: (verdict: Verdict, at: Instant)?
    /// When it was first expected; the deadline of the first beat counts from here.
    private var expectedSince: Instant
    private var lastBeat: Instant?
    private var beats: UInt64 = 0
    private var connection: ConnectionID?
    private var disconnected: Instant?
    private var origin: PeerOrigin?

    init(_ definition: CheckDefinition, _ kind: HeartbeatKind, at now: Instant) {
        self.definition = definition
        self.kind = kind
        expectedSince = now
    }

    var deadline: Instant { (lastBeat ?? expectedSince) + kind.ttl }

    /// Takes a beat; one that was received earlier than another but is told later moves nothing back.
    mutating func take(_ item: PushItem, from source: PushSource, at received: Instant) {
        beats &+= 1
        if let lastBeat, lastBeat > received { return }
        lastBeat = received
        connection = source.connection
        origin = source.origin
        disconnected = nil
    }

    mutating func closed(_ id: ConnectionID, at instant: Instant) -> Bool {
        guard connection == id else { return false }
        if disconnected == nil { disconnected = instant }
        return true
    }

    /// What it means is told again only where that may be something else by now, or its judge starts from scratch.
    mutating func follow(_ definition: CheckDefinition, _ kind: HeartbeatKind, at now: Instant) {
        if !definition.asksTheSame(as: self.definition) || kind != self.kind { told = nil }
        // While it was switched off nobody expected a beat.
        if definition.enabled, !self.definition.enabled, lastBeat == nil { expectedSince = now }
        self.definition = definition
        self.kind = kind
    }

    func verdict(at now: Instant, holding: Bool) -> Verdict? {
        if disconnected != nil, kind.binding == .connection { return .disconnected }
        guard now >= deadline else { return lastBeat == nil ? nil : .alive }
        guard !holding else { return told?.verdict ?? (lastBeat == nil ? nil : .alive) }
        return lastBeat == nil ? .missing : .expired
    }

    func isSilence(_ verdict: Verdict) -> Bool { verdict != .alive }

    func result(of verdict: Verdict, at now: Instant) -> ProbeResult {
        let ttl = kind.ttl.roughly
        let age = (now - (lastBeat ?? expectedSince)).roughly
        var result: ProbeResult
        switch verdict {
        case .alive: result = ProbeResult(.pass, message: "last beat \(age) ago, ttl \(ttl)")
        case .missing:
            result = ProbeResult(
                .fail, reason: "heartbeat.missing",
                message: "no beat yet, expected for \(age), ttl \(ttl): is the sender running, and does it "
                    + "beat for \"\(definition.name)\"?")
        case .expired:
            result = ProbeResult(
                .fail, reason: "heartbeat.expired", message: "last beat \(age) ago, ttl \(ttl)")
        case .disconnected:
            let gone = (now - (disconnected ?? now)).roughly
            result = ProbeResult(
                .fail, reason: "heartbeat.disconnected",
                message: "the connection that beat last closed \(gone) ago, last beat \(age) ago")
        }
        result.definitive = result.outcome == .fail
        result.facts = facts(at: now)
        return result
    }

    private func facts(at now: Instant) -> [Fact] {
        var facts: [Fact] = []
        if let lastBeat { facts.append(Fact("age_seconds", .number(max(0, (now - lastBeat).seconds)))) }
        facts.append(Fact("beats", .integer(Int64(clamping: beats))))
        facts.append(Fact("ttl_seconds", .number(kind.ttl.seconds)))
        return facts + (origin?.facts ?? [])
    }
}

extension PeerOrigin {
    /// Who pushed, as far as the kernel tells.
    var facts: [Fact] {
        [("unit", unit), ("container", container)].filter { !$0.1.isEmpty }
            .map { Fact($0.0, .text($0.1)) }
    }
}

extension Duration {
    /// A length of time for people: `75 s`, `45 min`, `30 h`.
    var roughly: String {
        let seconds = max(0, components.seconds)
        return switch seconds {
        case ..<600: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        default: "\(seconds / 3_600) h"
        }
    }
}
