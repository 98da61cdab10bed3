// SPDX-License-Identifier: Apache-2.0

/// What is known of the whole host at one moment, for the socket and for checks; nil is unknown, never zero.
package struct HostFigures: Sendable {
    /// Online processors.
    package var cores: Int?
    /// `MemTotal`, bytes.
    package var memoryTotalBytes: Int64?
    /// `MemAvailable`, bytes.
    package var memoryAvailableBytes: Int64?
    /// Busy CPU of the last interval, in percent of all cores.
    package var cpuPercent: Double?
    /// Share of time that some task waited for memory in the last 10 s, percent.
    package var memoryPressure: Double?
    /// Whether this kernel has pressure stall information at all.
    package var hasPressure = false
    /// Files that could not be read, so that what they hold is unknown.
    package var unreadable: [UnreadableFile] = []

    /// The memory of the container that vitald runs in, where that has a limit; nil on the machine itself.
    package var container: EffectiveLimits.MemoryFill?
    /// Why that limit, or what is used of it, is not known; nil where all could be looked at.
    package var containerFault: UnreadableFile?

    /// Memory in use as `psutil.virtual_memory().percent` has it: (total − available) / total.
    package var memoryPercent: Double? {
        guard let total = memoryTotalBytes, let available = memoryAvailableBytes, total > 0 else {
            return nil
        }
        return Double(total - min(available, total)) / Double(total) * 100
    }

    /// Makes figures of which nothing is known.
    package init() {}
}
