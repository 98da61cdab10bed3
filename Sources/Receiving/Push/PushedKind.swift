// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `pushed`: a script or an agent checks something itself and pushes what it found, at least once in every time to live.
///
/// ```json
/// { "name": "backup", "type": "pushed", "ttl": "25h" }
/// ```
package struct PushedKind: PassiveKind, Equatable {
    /// The word in the configuration's `type`.
    package static let type = "pushed"
    /// What feeds it.
    package static let item = PushItem.Kind.check
    /// The name alone is the question: results are the same results whatever their time to live.
    package static var judgementKeys: Set<String> { ["ttl"] }

    /// How long one result is good for.
    package let ttl: Duration

    /// Makes a kind.
    package init(ttl: Duration) { self.ttl = ttl }

    /// Reads `ttl`.
    package init(reading object: inout ConfigurationObject) { ttl = TimeToLive.read(&object) }

    /// What is expected, for people.
    package var target: ShownTarget {
        ShownTarget(words: "a \(Self.item.method) every \(DurationText.render(ttl))")
    }

    /// Makes the feed of all checks of this kind.
    package static func makeFeed(wake: @escaping @Sendable () -> Void) -> any Feed {
        FeedStore<PushedCheck>(wake: wake)
    }
}

/// What was pushed to one such check, and what that means: the last result for its ttl, then a definitive fail.
///
/// A result is taken at its word: the sender is the one to be patient. `unknown` is evidence of nothing: it is shown, and
/// leaves level and deadline as they are.
struct PushedCheck: FedCheck {
    /// What the silence or the results mean.
    enum Verdict: Sendable, Hashable {
        /// The last result, which is good still.
        case reported(Outcome, Reason?)
        /// There never was one, and it is overdue.
        case missing
        /// There was one, too long ago.
        case expired
    }

    static let leastGap = Duration.seconds(1)

    private(set) var definition: CheckDefinition
    private(set) var kind: PushedKind
    var told: (verdict: Verdict, at: Instant)?
    /// When the first one was expected.
    private var expectedSince: Instant
    private var last: (push: CheckPush, received: Instant)?
    /// When the last one came that says something.
    private var evidence: Instant?
    private var pushes: UInt64 = 0
    private var origin: PeerOrigin?

    init(_ definition: CheckDefinition, _ kind: PushedKind, at now: Instant) {
        self.definition = definition
        self.kind = kind
        expectedSince = now
    }

    var deadline: Instant { (evidence ?? expectedSince) + kind.ttl }

    mutating func take(_ item: PushItem, from source: PushSource, at received: Instant) {
        guard case .check(let push) = item else { return }
        pushes &+= 1
        if let last, last.received > received { return }
        last = (push, received)
        if push.outcome != .unknown { evidence = received }
        origin = source.origin
    }

    mutating func closed(_ connection: ConnectionID, at instant: Instant) -> Bool { false }

    mutating func follow(_ definition: CheckDefinition, _ kind: PushedKind, at now: Instant) {
        if !definition.asksTheSame(as: self.definition) || kind != self.kind { told = nil }
        // While it was switched off nobody expected a result.
        if definition.enabled, !self.definition.enabled, evidence == nil { expectedSince = now }
        self.definition = definition
        self.kind = kind
    }

    func verdict(at now: Instant, holding: Bool) -> Verdict? {
        let reported = last.map { Verdict.reported($0.push.outcome, $0.push.reason) }
        guard now >= deadline else { return reported }
        guard !holding else { return told?.verdict ?? reported }
        return evidence == nil ? .missing : .expired
    }

    func isSilence(_ verdict: Verdict) -> Bool { verdict == .missing || verdict == .expired }

    func result(of verdict: Verdict, at now: Instant) -> ProbeResult {
        let ttl = kind.ttl.roughly
        let age = (now - (evidence ?? expectedSince)).roughly
        var result: ProbeResult
        switch verdict {
        case .reported(let outcome, let reason):
            let message = last?.push.message ?? ""
            result = ProbeResult(
                outcome, reason: reason ?? Self.reason(outcome),
                message: message.isEmpty ? "the sender reported \(outcome.word), ttl \(ttl)" : message)
            result.duration = last?.push.latency ?? .zero
        case .missing:
            result = ProbeResult(
                .fail, reason: "pushed.missing",
                message: "no result yet, expected for \(age), ttl \(ttl): is the sender running, and does it "
                    + "push for \"\(definition.name)\"?")
        case .expired:
            result = ProbeResult(
                .fail, reason: "pushed.expired", message: "last result \(age) ago, ttl \(ttl)")
        }
        result.definitive = result.outcome == .fail
        result.facts = facts(at: now)
        return result
    }

    /// The code of a result whose sender names none.
    private static func reason(_ outcome: Outcome) -> Reason? {
        outcome == .pass ? nil : Reason("pushed.\(outcome.word)")
    }

    private func facts(at now: Instant) -> [Fact] {
        var facts: [Fact] = []
        if let last { facts.append(Fact("age_seconds", .number(max(0, (now - last.received).seconds)))) }
        facts.append(Fact("pushes", .integer(Int64(clamping: pushes))))
        facts.append(Fact("ttl_seconds", .number(kind.ttl.seconds)))
        return facts + (origin?.facts ?? [])
    }
}
