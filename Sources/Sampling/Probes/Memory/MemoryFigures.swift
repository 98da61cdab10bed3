// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a memory check looks at, whoever's memory it is; nil is unknown, never zero.
struct MemoryFigures: Sendable {
    /// The container's name; nil where there is only one to speak of.
    var title: String?
    /// In use, percent of the limit, or of the host's memory where there is no limit.
    var usedPercent: Double?
    /// In use, bytes.
    var usedBytes: Int64?
    /// Still to be had, bytes.
    var availableBytes: Int64?
    /// The host's memory or the container's limit, bytes.
    var totalBytes: Int64?
    /// Share of the last 10 s in which some task waited for memory, percent (PSI some avg10, Linux 4.20).
    var pressure: Double?
    /// Whether this kernel has PSI at all.
    var hasPressure: Bool
    /// Why its memory could not be read, where a file is to blame.
    var fault: UnreadableFile?
    /// Why its pressure could not be read.
    var pressureFault: UnreadableFile?

    /// The host's, as `psutil.virtual_memory()` counts it.
    init(host: HostFigures) {
        usedPercent = host.memoryPercent
        availableBytes = host.memoryAvailableBytes
        totalBytes = host.memoryTotalBytes
        if let total = totalBytes, let available = availableBytes { usedBytes = max(0, total &- available) }
        pressure = host.memoryPressure
        hasPressure = host.hasPressure
        fault = host.unreadable.first { $0.name == "meminfo" }
        pressureFault = host.unreadable.first { $0.name == "pressure/memory" }
    }

    /// Those of vitald's own cgroup.
    init(own figures: ContainerFigures, hasPressure: Bool = false) {
        self.init(container: figures, hasPressure: hasPressure)
        title = nil
    }

    /// A container's.
    init(container figures: ContainerFigures, hasPressure: Bool = false) {
        title = figures.title
        // A limit that could not be read may be there: then nobody knows of what this is a share.
        let limitFault = figures.fault(in: "memory.max")
        usedPercent = limitFault == nil ? figures.memoryPercent : nil
        usedBytes = figures.workingSetBytes
        totalBytes = figures.memoryLimit?.amount?.bytes
        if let total = totalBytes, let used = usedBytes { availableBytes = max(0, total &- used) }
        pressure = figures.memoryPressure
        self.hasPressure = hasPressure
        fault = figures.fault(in: "memory.current", "memory.stat") ?? limitFault
        pressureFault = figures.fault(in: "memory.pressure")
    }
}
