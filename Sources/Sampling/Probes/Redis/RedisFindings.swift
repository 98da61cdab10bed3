// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a server answered, and what the check's thresholds make of it.
struct RedisFindings {
    let kind: RedisKind
    /// From the question to the answer of PING.
    let latency: Duration
    let info: RedisInfo
    /// Why INFO is not all there this time, though nobody refuses it; nil where it is, or is refused.
    var gap: RedisRefusals.Cause?
    /// Whether what INFO said last was a warning: as long as nothing newer is known, that holds.
    var hasWarned = false

    /// The verdict with its facts: the worst finding decides, of equals the first.
    var result: ProbeResult {
        var result = ProbeResult(.pass, message: "\(kind.server.address) answers")
        for finding in [roleFinding, linkFinding, fullFinding, memoryFinding, latencyFinding] {
            if let finding, finding.outcome.rawValue > result.outcome.rawValue { result = finding }
        }
        if result.outcome == .pass, let gapFinding { result = gapFinding }
        result.facts = facts
        return result
    }

    private var facts: [Fact] {
        var facts = [Fact("latency_ms", .number(latency.milliseconds))]
        if let isReplica = info.isReplica {
            facts.append(Fact("role", .text(isReplica ? "replica" : "master")))
        }
        if let link = info.text("master_link_status") { facts.append(Fact("master_link", .text(link))) }
        if let seconds = info.integer("master_last_io_seconds_ago"), seconds >= 0 {
            facts.append(Fact("replication_lag_seconds", .integer(seconds)))
        }
        if let used = info.integer("used_memory") { facts.append(Fact("memory_used_bytes", .integer(used))) }
        if let percent = info.memoryPercent { facts.append(Fact("memory_percent", .number(percent))) }
        if let version = info.text("redis_version") { facts.append(Fact("version", .text(version))) }
        return facts
    }

    /// Whether INFO says something that makes a warning of a check without thresholds.
    var warnsByInfo: Bool { linkFinding != nil || fullFinding != nil }

    /// What the check needs and does not know: what is not known heals nothing, and is no failure either.
    private var gapFinding: ProbeResult? {
        guard let gap else { return nil }
        let lacksRole = kind.role != .any && info.isReplica == nil
        let lacksMemory = kind.warnMemoryPercent != nil && info.integer("used_memory") == nil
        guard lacksRole || lacksMemory || hasWarned else { return nil }
        return ProbeResult(
            .unknown, reason: .partial,
            message: "\(kind.server.address) answers, but not INFO (\(gap)), which the check needs")
    }

    private var roleFinding: ProbeResult? {
        guard let wantsReplica = kind.role.isReplica else { return nil }
        let place = kind.server.address
        guard let isReplica = info.isReplica else {
            if gap != nil { return nil }
            return ProbeResult(
                .fail, reason: "role.unknown",
                message: "\(place) does not say its role: let the user run INFO, or remove `role`")
        }
        guard isReplica != wantsReplica else { return nil }
        return ProbeResult(
            .fail, reason: "role.mismatch",
            message:
                "\(place) is a \(isReplica ? "replica and should be a master" : "master and should be a replica")"
        )
    }

    private var linkFinding: ProbeResult? {
        guard info.isReplica == true, let link = info.text("master_link_status"), link != "up" else {
            return nil
        }
        return ProbeResult(
            .warn, reason: "master.link_down",
            message: "\(kind.server.address) is a replica without a link to its master: its data grow old")
    }

    private var fullFinding: ProbeResult? {
        guard info.isOutOfMemory else { return nil }
        return ProbeResult(
            .warn, reason: "oom",
            message: "\(kind.server.address) has used up maxmemory and evicts nothing: writes are refused")
    }

    private var memoryFinding: ProbeResult? {
        guard let limit = kind.warnMemoryPercent, let percent = info.memoryPercent, percent > limit else {
            return nil
        }
        return ProbeResult(
            .warn, reason: "memory.high",
            message: "\(kind.server.address) uses \(PostgresFindings.short(percent)) % of its maxmemory")
    }

    private var latencyFinding: ProbeResult? {
        guard let limit = kind.warnLatency, latency > limit else { return nil }
        return ProbeResult(
            .warn, reason: "slow",
            message:
                "\(kind.server.address) took \(PostgresFindings.short(latency.milliseconds)) ms to answer, the limit is \(DurationText.render(limit))"
        )
    }
}
