// SPDX-License-Identifier: Apache-2.0

/// What is known of the whole host at one moment, for the socket and for checks; nil is unknown, never zero.
package struct HostFigures: Sendable {
    /// Online processors.
    package var cores: Int?
    /// `MemTotal`, bytes.
    package var memoryTotalBytes: Int64?
    /// Why /proc/meminfo could not be read, errno; nil where it was read or is not there.
    package var memoryError: Int32?
    /// `MemAvailable`, bytes.
    package var memoryAvailableBytes: Int64?
    /// Busy CPU of the last interval, in percent of all cores.
    package var cpuPercent: Double?
    /// Share of time that some task waited for memory in the last 10 s, percent.
    package var memoryPressure: Double?

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
