// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a server answered, and what the check's thresholds make of it.
struct PostgresFindings {
    let kind: PostgresKind
    /// The time of the query alone, without connecting.
    let latency: Duration
    let role: PostgresRole?
    let use: PostgresUse?
    var version: Int32 = 0
    /// Whether the server does not tell how far it is behind.
    var isLagRefused = false
    /// What was not to be learnt this time, though nobody refuses it.
    var gaps: [PostgresGap] = []

    /// The verdict with its facts: the worst finding decides, of equals the first.
    var result: ProbeResult {
        var result = ProbeResult(.pass, message: "\(kind.database.text) answers")
        for finding in [roleFinding, lagFinding, latencyFinding, connectionsFinding] {
            if let finding, finding.outcome.rawValue > result.outcome.rawValue { result = finding }
        }
        if result.outcome == .pass, let gapFinding { result = gapFinding }
        result.facts = facts
        return result
    }

    private var facts: [Fact] {
        var facts = [Fact("latency_ms", .number(latency.milliseconds))]
        if let role {
            facts.append(Fact("role", .text(role.word)))
            if let lag = role.lag { facts.append(Fact("replication_lag_seconds", .number(lag))) }
        }
        if let use {
            facts.append(Fact("connections", .integer(use.taken)))
            facts.append(Fact("connections_percent", .number(use.percent)))
        }
        // 150020 is 15.20; 90624 is 9.6.24.
        if version >= 100_000 {
            facts.append(Fact("version", .text("\(version / 10_000).\(version % 10_000)")))
        } else if version > 0 {
            facts.append(
                Fact("version", .text("\(version / 10_000).\(version / 100 % 100).\(version % 100)")))
        }
        return facts
    }

    /// What the check needs and does not know: what is not known heals nothing, and is no failure either.
    private var gapFinding: ProbeResult? {
        let needed = gaps.filter { kind.needs($0.extra) }
        guard !needed.isEmpty else { return nil }
        return ProbeResult(
            .unknown, reason: .partial,
            message: "\(kind.database.text) answers, but the check does not know "
                + needed.map(\.description).joined(separator: ", "))
    }

    private func isMissing(_ extra: PostgresExtra) -> Bool { gaps.contains { $0.extra == extra } }

    private var roleFinding: ProbeResult? {
        guard kind.role != .any, !isMissing(.role) else { return nil }
        guard let role else {
            return ProbeResult(
                .fail, reason: "role.unknown",
                message: "\(kind.database.text) does not say whether it is a primary")
        }
        guard role.word != kind.role.rawValue else { return nil }
        return ProbeResult(
            .fail, reason: "role.mismatch",
            message: "\(kind.database.text) is a \(role.word) and should be a \(kind.role.rawValue)")
    }

    private var lagFinding: ProbeResult? {
        guard kind.judgesLag, role?.isStandby != false, !isMissing(.role), !isMissing(.lag) else {
            return nil
        }
        guard let lag = role?.lag else {
            let fact =
                role == nil
                ? "does not say whether it is a standby"
                : isLagRefused
                    ? "does not show its replay position" : "has not replayed a transaction yet"
            return ProbeResult(
                .warn, reason: "replication.unknown",
                message: "\(kind.database.text) \(fact): how far it is behind is not known")
        }
        func finding(_ outcome: Outcome, _ limit: Duration) -> ProbeResult {
            ProbeResult(
                outcome, reason: "replication.lag",
                message:
                    "\(kind.database.text) is \(Self.short(lag)) s behind its primary, the limit is \(DurationText.render(limit))"
            )
        }
        if let limit = kind.failReplicationLag, lag > limit.seconds { return finding(.fail, limit) }
        if let limit = kind.warnReplicationLag, lag > limit.seconds { return finding(.warn, limit) }
        return nil
    }

    private var latencyFinding: ProbeResult? {
        guard let limit = kind.warnLatency, latency > limit else { return nil }
        return ProbeResult(
            .warn, reason: "slow",
            message:
                "\(kind.database.text) took \(Self.short(latency.milliseconds)) ms to answer, the limit is \(DurationText.render(limit))"
        )
    }

    private var connectionsFinding: ProbeResult? {
        guard let limit = kind.warnConnectionsPercent, let use, use.percent > limit else { return nil }
        return ProbeResult(
            .warn, reason: "connections.high",
            message:
                "\(use.taken) of \(use.available) connections of \(kind.database.text) are taken (\(Self.short(use.percent)) %)"
        )
    }

    /// One digit behind the point is enough for people.
    static func short(_ number: Double) -> String {
        guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
        let tenths = (number * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int64(tenths))" : "\(tenths)"
    }
}
