// SPDX-License-Identifier: Apache-2.0

import Vitals

extension JournalKind {
    /// Entries that are this old and still not read make what was read no proof of health.
    static let longestLag = Duration.seconds(30)

    /// Judges what was found; what speaks against the units speaks also when not all is read.
    func judge(_ findings: JournalWatch.Findings, problem: JournalProblem?, lag: Duration?, now: Instant)
        -> ProbeResult
    {
        var result = verdict(findings, problem: problem, lag: lag, now: now)
        result.facts = [
            Fact("errors", .integer(Int64(findings.errors))), Fact("window_seconds", .number(window.seconds)),
        ]
        if patternName != nil || search != nil {
            result.facts.append(Fact("matches", .integer(Int64(findings.matches))))
        }
        if let last = findings.last {
            result.facts.append(Fact("seconds_since_last", .number(Self.tenths(now - last))))
        }
        if let lag { result.facts.append(Fact("lag_seconds", .number(Self.tenths(lag)))) }
        return result
    }

    /// Not all was read in time.
    static func behind(_ message: String) -> ProbeResult {
        ProbeResult(.unknown, reason: "journal.behind", message: message)
    }

    private func verdict(
        _ findings: JournalWatch.Findings, problem: JournalProblem?, lag: Duration?, now: Instant
    ) -> ProbeResult {
        let evidence = [errors(findings), match(findings)].compactMap { $0 }
        if let worst = evidence.first(where: { $0.outcome == .fail }) { return worst }
        if let problem {
            return evidence.first ?? ProbeResult(.unknown, reason: problem.reason, message: problem.sentence)
        }
        let silence = findings.since.flatMap { quiet(findings, since: $0, now: now) }
        let isBehind = findings.since == nil || lag.map { $0 > Self.longestLag } ?? true
        // Who has not read all cannot say that there is nothing.
        if let silence, silence.outcome == .fail, !isBehind { return silence }
        if let warning = evidence.first { return warning }
        if isBehind {
            let lag = lag.map { "\(DurationText.render(.seconds($0.nanoseconds / 1_000_000_000))) " } ?? ""
            return Self.behind(
                "entries that are \(lag)old are not read yet: the machine is short of CPU, or its disk is slow"
            )
        }
        return silence ?? ProbeResult(.pass, message: calm(findings, now: now))
    }

    private func errors(_ findings: JournalWatch.Findings) -> ProbeResult? {
        func result(_ outcome: Outcome, _ limit: Int) -> ProbeResult {
            ProbeResult(
                outcome, reason: "journal.errors",
                message: "\(target): \(Self.counted(findings.errors, priority)) within "
                    + "\(DurationText.render(window)), at least \(limit): see `vitalctl logs`")
        }
        if let limit = failErrors, findings.errors >= limit { return result(.fail, limit) }
        if let limit = warnErrors, findings.errors >= limit { return result(.warn, limit) }
        return nil
    }

    private func match(_ findings: JournalWatch.Findings) -> ProbeResult? {
        guard findings.matches > 0 else { return nil }
        let pattern = patternName.map { "the pattern \"\($0.name)\"" } ?? "the pattern"
        return ProbeResult(
            verdict == .fail ? .fail : .warn, reason: "journal.pattern",
            message: "\(target): \(pattern) was found in \(findings.matches) "
                + "\(findings.matches == 1 ? "entry" : "entries") within \(DurationText.render(window)): "
                + "see `journalctl -u`")
    }

    private func quiet(_ findings: JournalWatch.Findings, since: Instant, now: Instant) -> ProbeResult? {
        let quiet = now - max(findings.last ?? since, since)
        func result(_ outcome: Outcome, _ limit: Duration) -> ProbeResult {
            let seconds = Duration.seconds(quiet.nanoseconds / 1_000_000_000)
            return ProbeResult(
                outcome, reason: "journal.silent",
                message: "\(target): nothing in the journal for \(findings.last == nil ? "at least " : "")"
                    + "\(DurationText.render(seconds)), which is longer than \(DurationText.render(limit))")
        }
        if let limit = failSilence, quiet > limit { return result(.fail, limit) }
        if let limit = warnSilence, quiet > limit { return result(.warn, limit) }
        return nil
    }

    private func calm(_ findings: JournalWatch.Findings, now: Instant) -> String {
        // Who does not know all of the window does not say that he does.
        let known = Duration.seconds(max(0, (now - (findings.since ?? now)).nanoseconds / 1_000_000_000))
        let span =
            known < window
            ? "\(DurationText.render(known)), as far back as the journal could be read"
            : DurationText.render(window)
        var text = "\(target): \(Self.counted(findings.errors, priority)) within \(span)"
        if let last = findings.last {
            let seconds = Duration.seconds(max(0, (now - last).nanoseconds / 1_000_000_000))
            text += ", the last entry \(DurationText.render(seconds)) ago"
        }
        return text
    }

    private static func counted(_ count: Int, _ priority: JournalPriority) -> String {
        let noun = priority == .err ? "error" : "entr"
        let ending = priority == .err ? (count == 1 ? "" : "s") : (count == 1 ? "y" : "ies")
        return "\(count) \(noun)\(ending)"
            + (priority == .err ? "" : " of priority \(priority.rawValue) or above")
    }

    private static func tenths(_ duration: Duration) -> Double {
        Double(duration.nanoseconds / 100_000_000) / 10
    }
}
