// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What one passive check was told, and what that means. A pure value; `FeedStore` holds it under its lock and reads the
/// clock.
///
/// A verdict is told when it differs from the one told last, and once in every interval of the check, so that its age is
/// seen.
protocol FedCheck: Sendable {
    /// The kind of check.
    associatedtype Kind: PassiveKind
    /// What it means at an instant; what is worth telling differs in it.
    associatedtype Verdict: Hashable, Sendable

    /// A check of which something is expected from now on.
    init(_ definition: CheckDefinition, _ kind: Kind, at now: Instant)

    /// The keys that every check has.
    var definition: CheckDefinition { get }
    /// What was told last, and when.
    var told: (verdict: Verdict, at: Instant)? { get set }
    /// When silence becomes a verdict: absolute, so that nothing but a push moves it.
    var deadline: Instant { get }

    /// Goes by another configuration from now on, with all it has been told.
    mutating func follow(_ definition: CheckDefinition, _ kind: Kind, at now: Instant)

    /// Takes what was pushed to it; the instant is that of receipt.
    mutating func take(_ item: PushItem, from source: PushSource, at received: Instant)

    /// Notes the end of a connection; says whether it concerns this check.
    mutating func closed(_ connection: ConnectionID, at instant: Instant) -> Bool

    /// What it means at an instant; nil where there is nothing to say yet. While the verdict on silence is held back,
    /// silence means nothing new.
    func verdict(at now: Instant, holding: Bool) -> Verdict?

    /// Whether this is a verdict on silence, which only a push can change.
    func isSilence(_ verdict: Verdict) -> Bool

    /// The result that says so.
    func result(of verdict: Verdict, at now: Instant) -> ProbeResult

    /// Two verdicts are told at least so far apart, so that a sender that changes its mind all the time does not fill
    /// the log.
    static var leastGap: Duration { get }
}

extension FedCheck {
    /// Whether what arrived just now changed what it means.
    func hasNews(at now: Instant) -> Bool {
        guard let verdict = verdict(at: now, holding: false) else { return false }
        return told?.verdict != verdict
    }

    /// When `takeResult` next has something to give, as far as can be known now.
    func nextResult(now: Instant, heldUntil: Instant) -> Instant {
        guard let verdict = verdict(at: now, holding: now < heldUntil) else {
            return max(deadline, heldUntil)
        }
        let next = dueAt(verdict, now)
        return isSilence(verdict) ? next : max(now, min(next, max(deadline, heldUntil)))
    }

    /// The result to record now, where there is one.
    mutating func takeResult(at now: Instant, holding: Bool) -> ProbeResult? {
        guard definition.enabled, let verdict = verdict(at: now, holding: holding), dueAt(verdict, now) <= now
        else { return nil }
        told = (verdict, now)
        return result(of: verdict, at: now)
    }

    private func dueAt(_ verdict: Verdict, _ now: Instant) -> Instant {
        guard let told else { return now }
        return max(now, told.at + (told.verdict == verdict ? definition.interval : Self.leastGap))
    }
}
