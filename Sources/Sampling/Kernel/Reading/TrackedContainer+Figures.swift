// SPDX-License-Identifier: Apache-2.0

import Vitals

extension TrackedContainer {
    /// What the socket and the checks get of the row.
    func figures(_ row: FigureRow, host: HostFigures) -> ContainerFigures {
        var figures = ContainerFigures(identity: identity)
        figures.cpuMicroseconds = row[.cpuUsage]
        if let cores = pace.cores {
            figures.cpuPercentOfCore = cores * 100
            if let count = host.cores, count > 0 {
                figures.cpuPercentOfHost = cores / Double(count) * 100
            }
        }
        figures.cpuPercentOfQuota = bounds.busiest?.percent
        figures.throttledPercent = bounds.throttled?.percent
        figures.memoryBytes = row[.memory]
        figures.workingSetBytes = row[.workingSet]
        if let limit = row[.memoryLimit] {
            figures.memoryLimit = limit > 1 << 62 ? .unlimited : .limited(ByteCount(limit))
        }
        let limits = bounds.limits(of: node, workingSet: row[.workingSet], host: host)
        figures.limits = limits
        figures.memoryPercent =
            limits.memoryFill?.percent ?? row[.workingSet].flatMap { host.percentOfMemory($0) }
        figures.oomKills = row[.eventsOOMKill]
        figures.memoryPressure = row[.memoryWaitingAvg10].map { Double($0) / 100 }
        figures.processes = row[.processes]
        if !interfaces.isEmpty {
            figures.networkReceivedBytes = interfaces.reduce(0) { $0 &+ $1.receivedBytes }
            figures.networkTransmittedBytes = interfaces.reduce(0) { $0 &+ $1.transmittedBytes }
        }
        figures.populated = row[.populated].map { $0 != 0 }
        figures.frozen = row[.frozen].map { $0 != 0 }
        figures.started = row[.started].map { WallTime(nanoseconds: $0 &* 1000) }
        if !faults.isEmpty { figures.unreadable = unreadable }
        return figures
    }

    /// What is left where its cgroup cannot be opened: who it is, and why nothing more is known.
    var unknownFigures: ContainerFigures {
        var figures = ContainerFigures(identity: identity)
        figures.unreadable = unreadable
        return figures
    }

    private var unreadable: [UnreadableFile] {
        faults.map { file in
            let place = file.isPayload ? Self.payloadDirectory + "/\(file.name)" : "\(file.name)"
            return UnreadableFile(place, file.fault.cause, file.fault.text)
        }
    }
}
