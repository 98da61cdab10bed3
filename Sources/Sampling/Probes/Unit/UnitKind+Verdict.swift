// SPDX-License-Identifier: Apache-2.0

import Vitals

extension UnitKind {
    /// Judges the units picked; one that does not run decides, then the one whose memory is fullest.
    func judge(_ units: [ContainerFigures], restarts: [String: Int64]) -> ProbeResult {
        guard let first = units.first else {
            return ProbeResult(
                .fail, reason: "unit.inactive",
                message: "\(unit) does not run: it has no cgroup (see `systemctl status \(unit)`)")
        }
        let chosen =
            units.first { $0.isAlive == false } ?? units.first { memoryVerdict($0)?.outcome == .fail }
            ?? units.first { memoryVerdict($0) != nil } ?? units.first { $0.isAlive == nil }
            ?? units.first { isMemoryUnknown($0) } ?? first
        var result = verdict(chosen, restarts[chosen.unitName])
        if units.count > 1, result.outcome == .pass { result.message = "all \(units.count) units run" }
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
        case nil:
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: "whether \(name) runs cannot be read from its cgroup")
        case true?:
            if var result = memoryVerdict(figures) {
                result.message = "\(name) \(result.message)"
                return result
            }
            if isMemoryUnknown(figures) {
                return ProbeResult(
                    .unknown, reason: "inconclusive.kernel",
                    message: "\(name) runs, but how full its memory is cannot be read from its cgroup")
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

    private func isMemoryUnknown(_ figures: ContainerFigures) -> Bool {
        guard warnMemoryPercent != nil || failMemoryPercent != nil else { return false }
        return figures.memoryPercent == nil || figures.hasUnreadMemory
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
