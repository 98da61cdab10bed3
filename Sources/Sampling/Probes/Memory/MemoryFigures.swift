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
    /// Whether some limit could not be read, so that less may be left than is known.
    var isUnread = false
    /// Share of the last 10 s in which some task waited for memory, percent (PSI some avg10, Linux 4.20).
    var pressure: Double?

    /// The host's, as `psutil.virtual_memory()` counts it; inside a container that is fuller, the container's.
    init(host: HostFigures) {
        usedPercent = host.memoryPercent
        availableBytes = host.memoryAvailableBytes
        totalBytes = host.memoryTotalBytes
        if let total = totalBytes, let available = availableBytes { usedBytes = max(0, total &- available) }
        pressure = host.memoryPressure
        guard let container = host.container else { return }
        let left = max(0, container.limit.bytes &- container.used.bytes)
        availableBytes = min(left, availableBytes ?? left)
        guard container.percent >= usedPercent ?? 0 else { return }
        take(container)
        whole =
            "\(container.limit.text), the limit of the container that vitald runs in (\(container.file.rawValue))"
    }

    /// Those of vitald's own cgroup.
    init(own figures: ContainerFigures) {
        self.init(container: figures)
        title = nil
    }

    /// A container's.
    init(container figures: ContainerFigures) {
        title = figures.title
        usedPercent = figures.memoryPercent
        usedBytes = figures.workingSetBytes
        totalBytes = figures.memoryLimit?.amount?.bytes
        if let total = totalBytes, let used = usedBytes { availableBytes = max(0, total &- used) }
        pressure = figures.memoryPressure
        guard let limits = figures.limits else { return }
        isUnread = figures.hasUnreadMemory
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
