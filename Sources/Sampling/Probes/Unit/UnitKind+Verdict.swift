// SPDX-License-Identifier: Apache-2.0

import Vitals

extension UnitKind {
    /// Judges the units picked; one that does not run decides, then the one whose memory is fullest. What could not be
    /// looked at is never taken for one that does not run.
    func judge(_ answer: ContainerAnswer, restarts: [String: Int64]) -> ProbeResult {
        let count = Headcount(selection, answer, found: Self.outermost(answer.containers), title: unit)
        let units = count.found
        guard let first = units.first else {
            return count.inconclusive([])
                ?? ProbeResult(
                    .fail, reason: "unit.inactive",
                    message: "\(unit) does not run: it has no cgroup (see `systemctl status \(unit)`)")
        }
        let chosen =
            units.first { $0.isAlive == false } ?? units.first { $0.isFrozen }
            ?? units.first { memoryVerdict($0)?.outcome == .fail } ?? units.first { memoryVerdict($0) != nil }
            ?? units.first { $0.isAlive == nil } ?? first
        var result = verdict(chosen, restarts[chosen.unitName])
        if result.outcome == .unknown || result.outcome == .pass {
            let results = units.map { verdict($0, restarts[$0.unitName]) }
            if let inconclusive = count.inconclusive(results) {
                result = inconclusive
            } else if units.count > 1 {
                result.message = count.text
            }
        }
        result.facts = facts(chosen, restarts[chosen.unitName])
        if units.count > 1 { result.facts.append(Fact("units", .integer(Int64(units.count)))) }
        return result
    }

    private func verdict(_ figures: ContainerFigures, _ restarts: Int64?) -> ProbeResult {
        let name = figures.unitName
        switch figures.isAlive {
        case false?:
            return ProbeResult(
                .fail, reason: "unit.inactive",
                message: "\(name) does not run: its cgroup is empty (see `systemctl status \(name)`)")
        case true? where figures.isFrozen:
            return ProbeResult(
                .fail, reason: "unit.frozen",
                message: "\(name) is frozen: its processes do nothing until it is thawed "
                    + "(`systemctl thaw \(name)`)")
        case nil:
            let fault = figures.fault(in: "cgroup.events")
            return ProbeResult(
                .unknown, reason: fault?.cause.reason ?? "inconclusive.kernel",
                message: "whether \(name) runs is not known: "
                    + (fault?.description ?? "cgroup.events does not say"))
        case true?:
            if var result = memoryVerdict(figures) {
                result.message = "\(name) \(result.message)"
                return result
            }
            let fault = figures.fault(in: "memory.current", "memory.stat") ?? figures.limitFault(.memory)
            if warnMemoryPercent != nil || failMemoryPercent != nil,
                figures.memoryPercent == nil || fault != nil
            {
                return ProbeResult(
                    .unknown, reason: fault?.cause.reason ?? "inconclusive.kernel",
                    message: "\(name) runs, but its memory use is not known: "
                        + (fault?.description ?? "the memory controller of cgroup v2 is off for it"))
            }
            var text = "\(name) runs"
            if let started = figures.started { text += " since \(started.rfc3339)" }
            if let restarts, restarts > 0 {
                text += ", \(restarts) restart\(restarts == 1 ? "" : "s") seen"
            }
            return ProbeResult(.pass, message: text)
        }
    }

    private func memoryVerdict(_ figures: ContainerFigures) -> ProbeResult? {
        guard figures.isAlive == true else { return nil }
        return figures.memoryVerdict(warn: warnMemoryPercent, fail: failMemoryPercent)
    }

    private func facts(_ figures: ContainerFigures, _ restarts: Int64?) -> [Fact] {
        var facts = [Fact("unit", .text(figures.unitName))]
        if let restarts { facts.append(Fact("restarts", .integer(restarts))) }
        if let started = figures.started { facts.append(Fact("started", .text(started.rfc3339))) }
        if let processes = figures.processes { facts.append(Fact("processes", .integer(processes))) }
        if let memory = figures.memoryPercent {
            facts.append(Fact("memory_percent", .number(PercentText.tenths(memory))))
        }
        return facts + figures.limitFacts
    }
}
