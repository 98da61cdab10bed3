// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ContainerKind {
    /// Judges the containers picked; the worst counts and names itself. What could not be looked at is never taken for
    /// something that does not run, nor for something that does.
    func judge(_ answer: ContainerAnswer, recentKills: [String: Duration]) -> ProbeResult {
        let count = Headcount(selection, answer)
        if count.asked == 0, count.unmeasured.isEmpty {
            guard picked == nil else { return .containerMissing(selection.text) }
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: "vitald's own cgroup cannot be read: is there a cgroup2 mount?")
        }
        let results = count.found.map { judge($0, killed: recentKills[$0.identity.id]) }
        for outcome in [Outcome.fail, .warn] {
            var bad = results.filter { $0.outcome == outcome }
            if outcome == .fail { bad += count.absent.map { .containerMissing($0) } }
            guard var worst = bad.first else { continue }
            if bad.count > 1 { worst.message += " (and \(bad.count - 1) more of \(count.asked))" }
            return worst
        }
        if let inconclusive = count.inconclusive(results) { return inconclusive }
        if count.asked == 1, let only = results.first { return only }
        var result = ProbeResult(.pass, message: count.text)
        result.facts = [Fact("containers", .integer(Int64(count.found.count)))]
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
        if container.isFrozen {
            return ProbeResult(
                .fail, reason: "container.frozen",
                message: "its processes are frozen and do nothing until it is unpaused or thawed")
        }
        if let killed {
            let ago = DurationText.render(.seconds(killed.nanoseconds / 1_000_000_000))
            return ProbeResult(
                .fail, reason: "oom.killed",
                message:
                    "the kernel killed a process because memory ran out, seen \(ago) ago: raise its memory limit "
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
        guard container.isAlive == true else {
            let fault = container.fault(in: "cgroup.events")
            return ProbeResult(
                .unknown, reason: fault?.cause.reason ?? "inconclusive.kernel",
                message: "whether it runs is not known: \(fault?.description ?? "cgroup.events does not say")"
            )
        }
        let unknowns = unknowns(container)
        guard let first = unknowns.first(where: { $0.reason != Unknown.early }) ?? unknowns.first else {
            return ProbeResult(.pass, message: calm(container))
        }
        return ProbeResult(
            .unknown, reason: first.reason,
            message: "runs, but these are not known: "
                + unknowns.map { "\($0.word) (\($0.why))" }.joined(separator: ", "))
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

    /// A figure that has a threshold and no value.
    private struct Unknown {
        /// A rate that needs one more reading.
        static let early: Reason = "inconclusive.baseline"

        var word: String
        var reason: Reason
        var why: String

        init(_ word: String, _ fault: UnreadableFile?, isEarly: Bool = false, otherwise why: String) {
            self.word = word
            if let fault {
                reason = fault.cause.reason
                self.why = fault.description
            } else if isEarly {
                reason = Self.early
                self.why = "a rate needs two readings"
            } else {
                reason = "inconclusive.kernel"
                self.why = why
            }
        }
    }

    /// The figures without which the check cannot judge: a rate needs two readings, a controller may be off, a file may not
    /// be readable.
    private func unknowns(_ container: ContainerFigures) -> [Unknown] {
        var all: [Unknown] = []
        let isRead = container.cpuMicroseconds != nil
        // A quota that could not be read may be there: what is used of the machine says nothing of it.
        let quotaFault = container.limitFault(.cpu)
        if warnCPUPercent != nil, container.checkedCPUPercent == nil || quotaFault != nil {
            all.append(
                Unknown(
                    "CPU", container.fault(in: "cpu.stat") ?? quotaFault,
                    isEarly: isRead && container.cpuPercentOfCore == nil,
                    otherwise: "cpu.stat or the number of processors is missing"))
        }
        // Without a quota nothing is ever throttled, and that is known only with a rate.
        let isFree = container.cpuPercentOfHost != nil && container.cpuPercentOfQuota == nil
        if warnThrottledPercent != nil,
            (container.throttledPercent == nil && !isFree) || quotaFault != nil
        {
            all.append(
                Unknown(
                    "throttling", container.fault(in: "cpu.stat") ?? quotaFault, isEarly: isRead,
                    otherwise: "cpu.stat is missing"))
        }
        if warnMemoryPercent != nil || failMemoryPercent != nil,
            container.memoryPercent == nil || container.limitFault(.memory) != nil
        {
            all.append(
                Unknown(
                    "memory",
                    container.fault(in: "memory.current", "memory.stat")
                        ?? container.limitFault(.memory),
                    otherwise: "the memory controller of cgroup v2 is off for it"))
        }
        if failOnOOM != nil, container.oomKills == nil {
            all.append(
                Unknown(
                    "OOM kills", container.fault(in: "memory.events"),
                    otherwise: "the memory controller of cgroup v2 is off for it"))
        }
        return all
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
    /// Whether processes live in it and are stopped by the freezer.
    var isFrozen: Bool { isAlive == true && frozen ?? false }

    /// CPU as checks count it: of the quota that holds where there is one, else of the host.
    var checkedCPUPercent: Double? { cpuPercentOfQuota ?? cpuPercentOfHost }
}
