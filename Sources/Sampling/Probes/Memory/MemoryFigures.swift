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
    /// Why they could not be read, errno.
    var error: Int32?
    /// Share of the last 10 s in which some task waited for memory, percent (PSI some avg10, Linux 4.20).
    var pressure: Double?

    /// The host's, as `psutil.virtual_memory()` counts it.
    init(host: HostFigures) {
        usedPercent = host.memoryPercent
        availableBytes = host.memoryAvailableBytes
        totalBytes = host.memoryTotalBytes
        if let total = totalBytes, let available = availableBytes { usedBytes = max(0, total &- available) }
        pressure = host.memoryPressure
        error = host.memoryError
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
    }
}
