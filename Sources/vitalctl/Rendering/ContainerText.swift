// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What `containers` shows.
enum ContainerText {
    /// The containers, one a line.
    static func table(_ containers: [ContainerView], paint: Paint) -> [String] {
        guard !containers.isEmpty else { return ["no container or unit is selected"] }
        var table = Table(
            ["NAME", "RUNTIME", "CPU", "MEMORY", "LIMIT", "MEM%", "PIDS", "RX", "TX", "STATUS"],
            sides: [.left, .left, .right, .right, .right, .right, .right, .right, .right, .left])
        for container in containers {
            let figures = container.figures
            let limit =
                switch figures.memoryLimit {
                case .limited(let size): size.text
                case .unlimited: "none"
                case nil: "-"
                }
            table.add([
                name(figures.identity), figures.identity.runtime.isEmpty ? "-" : figures.identity.runtime,
                Amount.percent(figures.cpuPercentOfCore), Amount.size(figures.memoryBytes), limit,
                Amount.percent(figures.memoryPercent), Amount.whole(figures.processes),
                Amount.size(figures.networkReceivedBytes), Amount.size(figures.networkTransmittedBytes),
                container.status ?? (figures.unreadable.isEmpty ? "-" : "unreadable"),
            ])
        }
        return table.lines { row, column, text in
            row == 0 ? paint.faint(text) : column == 9 ? paint.health(text) : text
        }
    }

    /// The host, where it was asked for.
    static func host(_ host: HostFigures) -> String {
        "host: \(host.cores.map(String.init) ?? "-") cores, CPU \(Amount.percent(host.cpuPercent)), memory "
            + "\(Amount.percent(host.memoryPercent)) of \(Amount.size(host.memoryTotalBytes))"
    }

    /// The name that a person knows it by: name, else unit, else path.
    static func name(_ identity: ContainerIdentity) -> String {
        if !identity.name.isEmpty { return identity.name }
        return identity.unit.isEmpty ? identity.id : identity.unit
    }
}
