// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ContainerKind {
    /// Judges the containers picked; the worst counts and names itself.
    func judge(_ all: [ContainerFigures], recentKills: [String: Duration]) -> ProbeResult {
        guard let first = all.first else {
            guard selection.patterns == ["self"] else { return .containerMissing(selection) }
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: "vitald's own cgroup cannot be read: is there a cgroup2 mount?")
        }
        let results = all.map { judge($0, killed: recentKills[$0.identity.id]) }
        for outcome in [Outcome.fail, .warn, .unknown] {
            let bad = results.filter { $0.outcome == outcome }
            guard var worst = bad.first else { continue }
            if bad.count > 1 { worst.message += " (and \(bad.count - 1) more of \(all.count))" }
            return worst
        }
        guard all.count > 1 else { return results.first ?? judge(first, killed: nil) }
        let doubts = all.filter { !unknowns($0).isEmpty }.count
        var result = ProbeResult(.pass, message: "all \(all.count) containers run")
        if doubts > 0 { result.message += "; of \(doubts) some figures are not known" }
        result.facts = [Fact("containers", .integer(Int64(all.count)))]
        return result
    }

    private func judge(_ container: ContainerFigures, killed: Duration?) -> ProbeResult {
        var result = verdict(container, killed)
        result.message = "\(container.title): \(result.message)"
        result.facts = facts(container)
        return result
    }

    private func verdict(_ container: ContainerFigures, _ killed: Duration?) -> ProbeResult {
        if container.isAlive == false {
            return ProbeResult(
                .fail, reason: "container.stopped", message: "its cgroup is there, but no process lives in it"
            )
        }
        if let killed {
            let ago = DurationText.render(.seconds(killed.nanoseconds / 1_000_000_000))
            return ProbeResult(
                .fail, reason: "oom.killed",
                message:
                    "the kernel killed a process for want of memory, seen \(ago) ago: raise its memory limit "
                    + "or find what grew")
        }
        if let result = container.memoryVerdict(warn: warnMemoryPercent, fail: failMemoryPercent) {
            return result
        }
        if let (share, limit) = Self.reached(container.throttledPercent, warnThrottledPercent) {
            let shown = PercentText.render(share, against: limit)
            guard let level = container.throttledElsewhere else {
                return ProbeResult(
                    .warn, reason: "cpu.throttled",
                    message: "throttled in \(shown) of the periods, at least "
                        + "\(PercentText.render(limit)): its CPU quota is too small for what it does")
            }
            return ProbeResult(
                .warn, reason: "cpu.throttled",
                message: "throttled in \(shown) of the periods by the CPU quota of \(level), at least "
                    + "\(PercentText.render(limit)): that is too small for all that runs there")
        }
        if let (used, limit) = Self.reached(container.checkedCPUPercent, warnCPUPercent) {
            return ProbeResult(
                .warn, reason: "cpu.high",
                message:
                    "uses \(PercentText.render(used, against: limit)) of \(container.cpuWhole), at least "
                    + PercentText.render(limit))
        }
        let unknowns = unknowns(container)
        guard container.isAlive == true else {
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: "whether it runs cannot be read from its cgroup")
        }
        guard unknowns.isEmpty else {
            return ProbeResult(.pass, message: "runs; not known (yet): \(unknowns.joined(separator: ", "))")
        }
        return ProbeResult(.pass, message: calm(container))
    }

    private func calm(_ container: ContainerFigures) -> String {
        var parts = ["runs"]
        if let cpu = container.checkedCPUPercent { parts.append("CPU \(PercentText.render(cpu))") }
        if let memory = container.memoryPercent {
            let level = container.limits?.memoryFill?.level
            let whose = level.flatMap { container.isOwn($0) ? nil : " of the limit of \($0)" } ?? ""
            parts.append("memory \(PercentText.render(memory))\(whose)")
        }
        return parts.joined(separator: ", ")
    }

    /// Figures that have a threshold and no value: a rate needs two looks, a controller may be off.
    private func unknowns(_ container: ContainerFigures) -> [String] {
        var words: [String] = []
        if warnCPUPercent != nil, container.checkedCPUPercent == nil { words.append("CPU") }
        // Without a quota nothing is ever throttled, and that is known only with a rate.
        if warnThrottledPercent != nil, container.throttledPercent == nil, container.cpuPercentOfHost == nil {
            words.append("throttling")
        }
        if warnMemoryPercent != nil || failMemoryPercent != nil,
            container.memoryPercent == nil || container.hasUnreadMemory
        {
            words.append("memory")
        }
        if failOnOOM != nil, container.oomKills == nil { words.append("OOM kills") }
        return words
    }

    private func facts(_ container: ContainerFigures) -> [Fact] {
        var facts = [Fact("container", .text(container.title)), Fact("id", .text(container.identity.id))]
        let percentages: [(String, Double?)] = [
            ("cpu_percent", container.checkedCPUPercent), ("throttled_percent", container.throttledPercent),
            ("memory_percent", container.memoryPercent),
        ]
        for (name, value) in percentages {
            if let value { facts.append(Fact(name, .number(PercentText.tenths(value)))) }
        }
        if let bytes = container.workingSetBytes { facts.append(Fact("working_set_bytes", .integer(bytes))) }
        facts += container.limitFacts
        if let kills = container.oomKills { facts.append(Fact("oom_kills", .integer(kills))) }
        if let processes = container.processes { facts.append(Fact("processes", .integer(processes))) }
        if let started = container.started { facts.append(Fact("started", .text(started.rfc3339))) }
        return facts
    }

    private static func reached(_ value: Double?, _ limit: Double?) -> (Double, Double)? {
        guard let value, let limit, value >= limit else { return nil }
        return (value, limit)
    }
}

extension ContainerFigures {
    /// CPU as checks count it: of the quota that holds where there is one, else of the host.
    var checkedCPUPercent: Double? { cpuPercentOfQuota ?? cpuPercentOfHost }
}
