// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `containers` shows.
enum ContainerText {
    /// The containers, one a line.
    static func table(_ containers: [ContainerView], paint: Paint) -> [String] {
        guard !containers.isEmpty else { return ["no container or unit is selected"] }
        var table = Table(
            [
                "NAME", "RUNTIME", "CPU", "MEMORY", "MEM%", "LIMIT", "WHOSE", "LEFT", "PIDS", "RX", "TX",
                "STATUS",
            ],
            sides: [
                .left, .left, .right, .right, .right, .right, .left, .right, .right, .right, .right, .left,
            ])
        for container in containers {
            let figures = container.figures
            let (limit, whose) = bound(of: figures)
            table.add([
                name(figures.identity), figures.identity.runtime.isEmpty ? "-" : figures.identity.runtime,
                Amount.percent(figures.cpuPercentOfCore), Amount.size(figures.memoryBytes),
                Amount.percent(figures.memoryPercent), limit, whose,
                Amount.size(figures.limits?.memoryAvailable?.amount), Amount.whole(figures.processes),
                Amount.size(figures.networkReceivedBytes), Amount.size(figures.networkTransmittedBytes),
                container.status ?? (figures.unreadable.isEmpty ? "-" : "unreadable"),
            ])
        }
        return table.lines { row, column, text in
            row == 0
                ? paint.faint(text)
                : column == 11 ? paint.text(text, tone(containers[row - 1].figures)) : text
        }
    }

    /// The colour of its status.
    private static func tone(_ figures: ContainerFigures) -> Paint.Tone {
        switch (figures.populated, figures.frozen) {
        case (_, true): .caution
        case (true, _): .good
        case (false, _): .faint
        case (nil, _): .plain
        }
    }

    /// The limit that MEM% is of, and whose it is: `own`, or the path of a cgroup above; with memory.high where it is not
    /// memory.max that sets it.
    private static func bound(of figures: ContainerFigures) -> (limit: String, whose: String) {
        guard let limits = figures.limits else {
            switch figures.memoryLimit {
            case .limited(let size): return (size.text, "-")
            case .unlimited: return ("none", "-")
            case nil: return ("-", "-")
            }
        }
        guard let fill = limits.memoryFill else {
            return figures.memoryPercent == nil ? ("-", "-") : ("none", EffectiveLimits.host)
        }
        let id = figures.identity.id
        let isOwn = fill.level == id || fill.level.utf8.starts(with: (id + "/").utf8)
        return (fill.limit.text, (isOwn ? "own" : fill.level) + (fill.file == .high ? " (memory.high)" : ""))
    }

    /// The host, where it was asked for.
    static func host(_ host: HostFigures) -> String {
        let container =
            host.container.map {
                "; this container \(Amount.percent($0.percent)) of \($0.limit.text) (\($0.file.rawValue))"
            } ?? ""
        return
            "host: \(host.cores.map(String.init) ?? "-") cores, CPU \(Amount.percent(host.cpuPercent)), memory "
            + "\(Amount.percent(host.memoryPercent)) of \(Amount.size(host.memoryTotalBytes))" + container
    }

    /// The name that a person knows it by: name, else unit, else path.
    static func name(_ identity: ContainerIdentity) -> String {
        if !identity.name.isEmpty { return identity.name }
        return identity.unit.isEmpty ? identity.id : identity.unit
    }
}
