// SPDX-License-Identifier: Apache-2.0

import Vitals

extension MemoryKind {
    /// Judges the machine's memory.
    func judge(_ host: HostFigures) -> ProbeResult { judge(MemoryFigures(host: host)) }

    /// Judges vitald's own cgroup.
    func judge(own answer: ContainerAnswer) -> ProbeResult {
        if let own = answer.containers.first {
            return judge(MemoryFigures(own: own, hasPressure: answer.hasPressure))
        }
        let cause = answer.unmeasured.first
        return ProbeResult(
            .unknown, reason: cause?.reason ?? "inconclusive.kernel",
            message: cause.map { "\($0.fact). \($0.remedy)" }
                ?? "vitald's own cgroup cannot be read: is there a cgroup2 mount?")
    }

    /// Judges the containers picked; of several the worst counts, and names itself. What could not be looked at is never
    /// taken for something that does not run.
    func judge(_ selection: Selection, _ answer: ContainerAnswer) -> ProbeResult {
        let count = Headcount(selection, answer)
        let all = answer.containers.map { MemoryFigures(container: $0, hasPressure: answer.hasPressure) }
        let results = all.map { judge($0) }
        if let result = results.first(where: { $0.outcome == .fail }) { return result }
        if let name = count.absent.first { return .containerMissing(name) }
        if let result = results.first(where: { $0.outcome == .warn }) { return result }
        if let inconclusive = count.inconclusive(results) { return inconclusive }
        // All is well: the fullest speaks.
        let fullest = zip(all, results).max { ($0.0.usedPercent ?? 0) < ($1.0.usedPercent ?? 0) }
        return fullest?.1 ?? .containerMissing(selection.text)
    }

    private func judge(_ figures: MemoryFigures) -> ProbeResult {
        var result = verdict(figures)
        if let title = figures.title { result.message = "\(title): \(result.message)" }
        result.facts = facts(figures)
        return result
    }

    private func verdict(_ figures: MemoryFigures) -> ProbeResult {
        guard let used = figures.usedPercent, used.isFinite else {
            let fault = figures.fault
            return ProbeResult(
                .unknown, reason: fault?.cause.reason ?? "inconclusive.kernel",
                message: fault.map { "its memory is not known: \($0)" }
                    ?? (subject == .host
                        ? "meminfo has no MemTotal or no MemAvailable"
                        : "its memory cannot be read: is the memory controller of cgroup v2 on?"))
        }
        if used >= failPercent {
            return ProbeResult(.fail, reason: "memory.full", message: message(figures, used, failPercent))
        }
        if used >= warnPercent {
            return ProbeResult(.warn, reason: "memory.high", message: message(figures, used, warnPercent))
        }
        if let fault = figures.limitFault {
            return ProbeResult(
                .unknown, reason: fault.cause.reason,
                message: "\(message(figures, used, nil)), but another limit may be fuller: \(fault)")
        }
        let calm = message(figures, used, nil)
        guard let limit = warnPressure else { return ProbeResult(.pass, message: calm) }
        guard let pressure = figures.pressure else {
            guard figures.hasPressure else {
                // It never will be: better to judge what there is than nothing at all.
                return ProbeResult(
                    .pass,
                    message: calm
                        + "; warnPressure is not judged, as this kernel has no PSI (it needs Linux 4.20 or later, on some systems psi=1)"
                )
            }
            return ProbeResult(
                .unknown, reason: figures.pressureFault?.cause.reason ?? "inconclusive.kernel",
                message: calm + "; its pressure is not known: "
                    + (figures.pressureFault?.description
                        ?? "memory.pressure does not say (see cgroup.pressure)"))
        }
        guard pressure >= limit else { return ProbeResult(.pass, message: calm) }
        return ProbeResult(
            .warn, reason: "memory.pressure",
            message:
                "tasks waited for memory \(PercentText.render(pressure, against: limit)) of the last 10 s, "
                + "at least \(PercentText.render(limit)); \(calm)")
    }

    private func message(_ figures: MemoryFigures, _ used: Double, _ limit: Double?) -> String {
        let whole = figures.whole.map { " of \($0)" } ?? ""
        guard let limit else { return "\(PercentText.render(used)) memory used\(whole)" }
        var text =
            "\(PercentText.render(used, against: limit)) memory used\(whole), at least \(PercentText.render(limit))"
        if let available = figures.availableBytes { text += "; \(ByteCount(available).text) left" }
        return text
    }

    private func facts(_ figures: MemoryFigures) -> [Fact] {
        var facts: [Fact] = []
        if let title = figures.title { facts.append(Fact("container", .text(title))) }
        if let used = figures.usedPercent {
            facts.append(Fact("used_percent", .number(PercentText.tenths(used))))
        }
        if let bytes = figures.usedBytes { facts.append(Fact("used_bytes", .integer(bytes))) }
        if let bytes = figures.availableBytes { facts.append(Fact("available_bytes", .integer(bytes))) }
        if let bytes = figures.totalBytes { facts.append(Fact("total_bytes", .integer(bytes))) }
        if let limit = figures.limit {
            facts.append(Fact("limit_level", .text(limit.level)))
            facts.append(Fact("limit_file", .text(limit.file.rawValue)))
        }
        if let pressure = figures.pressure {
            facts.append(Fact("pressure_some_avg10_percent", .number(pressure)))
        }
        return facts
    }
}

extension ProbeResult {
    /// The result of a name or pattern that nothing has.
    static func containerMissing(_ name: String) -> ProbeResult {
        ProbeResult(
            .fail, reason: "container.missing",
            message: "no container matches \(name): it does not run, or it has another name "
                + "(see `vitalctl containers`)")
    }
}
