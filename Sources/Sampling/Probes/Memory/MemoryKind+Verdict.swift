// SPDX-License-Identifier: Apache-2.0

import Vitals

extension MemoryKind {
    /// Judges what was read; of several the worst counts, and names itself.
    func judge(_ all: [MemoryFigures]) -> ProbeResult {
        let results = all.map { judge($0) }
        for outcome in [Outcome.fail, .warn, .unknown] {
            if let result = results.first(where: { $0.outcome == outcome }) { return result }
        }
        // All is well: the fullest speaks.
        let fullest = zip(all, results).max { ($0.0.usedPercent ?? 0) < ($1.0.usedPercent ?? 0) }
        return fullest?.1 ?? none
    }

    private var none: ProbeResult {
        guard case .containers(let selection) = subject else {
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: "vitald's own cgroup cannot be read: is there a cgroup2 mount?")
        }
        return .containerMissing(selection)
    }

    private func judge(_ figures: MemoryFigures) -> ProbeResult {
        var result = verdict(figures)
        if let title = figures.title { result.message = "\(title): \(result.message)" }
        result.facts = facts(figures)
        return result
    }

    private func verdict(_ figures: MemoryFigures) -> ProbeResult {
        guard let used = figures.usedPercent, used.isFinite else {
            if let code = figures.error {
                guard !DescriptorShortage.isMeant(by: code) else { return DescriptorShortage.result(code) }
                return ProbeResult(
                    .unknown, reason: "inconclusive.kernel",
                    message: "meminfo cannot be read: \(SystemError(code).text)")
            }
            return ProbeResult(
                .unknown, reason: "inconclusive.kernel",
                message: subject == .host
                    ? "meminfo has no MemTotal and MemAvailable"
                    : "its memory cannot be read: is the memory controller of cgroup v2 on?")
        }
        if used >= failPercent {
            return ProbeResult(.fail, reason: "memory.full", message: message(figures, used, failPercent))
        }
        if used >= warnPercent {
            return ProbeResult(.warn, reason: "memory.high", message: message(figures, used, warnPercent))
        }
        let calm = message(figures, used, nil)
        guard let limit = warnPressure else { return ProbeResult(.pass, message: calm) }
        guard let pressure = figures.pressure else {
            return ProbeResult(
                .pass, message: calm + "; its pressure is not known (PSI needs Linux 4.20, and psi=1 on some)"
            )
        }
        guard pressure >= limit else { return ProbeResult(.pass, message: calm) }
        return ProbeResult(
            .warn, reason: "memory.pressure",
            message:
                "tasks waited for memory \(PercentText.render(pressure, against: limit)) of the last 10 s, "
                + "at least \(PercentText.render(limit)); \(calm)")
    }

    private func message(_ figures: MemoryFigures, _ used: Double, _ limit: Double?) -> String {
        guard let limit else { return "\(PercentText.render(used)) memory used" }
        var text =
            "\(PercentText.render(used, against: limit)) memory used, at least \(PercentText.render(limit))"
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
        if let pressure = figures.pressure {
            facts.append(Fact("pressure_some_avg10_percent", .number(pressure)))
        }
        return facts
    }
}

extension ProbeResult {
    /// The result of a selector that picks nothing.
    static func containerMissing(_ selection: Selection) -> ProbeResult {
        ProbeResult(
            .fail, reason: "container.missing",
            message: "no container matches \(selection.text): it does not run, or its name is another "
                + "(see `vitalctl containers`)")
    }
}
