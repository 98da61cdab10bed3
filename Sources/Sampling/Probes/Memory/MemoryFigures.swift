// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What a memory check looks at, whoever's memory it is; nil is unknown, never zero.
struct MemoryFigures: Sendable {
    /// The container's name; nil where there is only one to speak of.
    var title: String?
    /// In use, percent of the limit that is fullest, or of the host's memory where there is none.
    var usedPercent: Double?
    /// In use, bytes.
    var usedBytes: Int64?
    /// Still to be had, bytes.
    var availableBytes: Int64?
    /// The host's memory or that limit, bytes.
    var totalBytes: Int64?
    /// The limit, for the sentence, where it is not what everybody thinks of: `1 GiB, the limit of /agents.slice
    /// (memory.max)`.
    var whole: String?
    /// The cgroup and the file that set the limit; nil of the host.
    var limit: EffectiveLimits.MemoryFill?
    /// Why less may be left than is known: a limit, or what is used of it, could not be read.
    var limitFault: UnreadableFile?
    /// Share of the last 10 s in which some task waited for memory, percent (PSI some avg10, Linux 4.20).
    var pressure: Double?
    /// Whether this kernel has PSI at all.
    var hasPressure: Bool
    /// Why its memory could not be read, where a file is to blame.
    var fault: UnreadableFile?
    /// Why its pressure could not be read.
    var pressureFault: UnreadableFile?

    /// The host's, as `psutil.virtual_memory()` counts it; inside a container that is fuller, the container's.
    init(host: HostFigures) {
        usedPercent = host.memoryPercent
        availableBytes = host.memoryAvailableBytes
        totalBytes = host.memoryTotalBytes
        if let total = totalBytes, let available = availableBytes { usedBytes = max(0, total &- available) }
        pressure = host.memoryPressure
        hasPressure = host.hasPressure
        fault = host.unreadable.first { $0.name == "meminfo" }
        pressureFault = host.unreadable.first { $0.name == "pressure/memory" }
        limitFault = host.containerFault
        if let container = host.container {
            let left = max(0, container.limit.bytes &- container.used.bytes)
            availableBytes = min(left, availableBytes ?? left)
        }
        // Less may be left than is known.
        if limitFault != nil { availableBytes = nil }
        guard let container = host.container else { return }
        guard container.percent >= usedPercent ?? 0 else { return }
        take(container)
        whole =
            "\(container.limit.text), the limit of the container that vitald runs in (\(container.file.rawValue))"
    }

    /// Those of vitald's own cgroup.
    init(own figures: ContainerFigures, hasPressure: Bool = false) {
        self.init(container: figures, hasPressure: hasPressure)
        title = nil
    }

    /// A container's.
    init(container figures: ContainerFigures, hasPressure: Bool = false) {
        title = figures.title
        usedPercent = figures.memoryPercent
        usedBytes = figures.workingSetBytes
        totalBytes = figures.memoryLimit?.amount?.bytes
        if let total = totalBytes, let used = usedBytes { availableBytes = max(0, total &- used) }
        pressure = figures.memoryPressure
        self.hasPressure = hasPressure
        // A limit that could not be read may be there: then nobody knows whether it is fuller.
        limitFault = figures.limitFault(.memory)
        fault = figures.fault(in: "memory.current", "memory.stat") ?? limitFault
        pressureFault = figures.fault(in: "memory.pressure")
        guard let limits = figures.limits else { return }
        availableBytes = limits.memoryAvailable?.amount
        totalBytes = nil
        guard let fill = limits.memoryFill else { return }
        take(fill)
        if !figures.isOwn(fill.level) || fill.file == .high { whole = figures.memoryWhole }
    }

    private mutating func take(_ fill: EffectiveLimits.MemoryFill) {
        usedPercent = fill.percent
        usedBytes = fill.used.bytes
        totalBytes = fill.limit.bytes
        limit = fill
    }
}
