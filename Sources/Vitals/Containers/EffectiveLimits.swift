// SPDX-License-Identifier: Apache-2.0

/// The limits that hold for a container or unit, whichever cgroup up to the root sets them.
///
/// A cgroup gets no more than every cgroup above it allows, and shares that with whatever else runs there. So of
/// each kind the smallest limit holds, and the least room that is left at any level. A level is named by the path of
/// its cgroup.
package struct EffectiveLimits: Sendable, Hashable {
    /// The level of what the machine bounds and no cgroup; it is no path, as those begin with a slash.
    package static let host = "host"

    /// An amount, and the level that it belongs to.
    package struct At<Amount: Sendable & Hashable>: Sendable, Hashable {
        /// How much.
        package var amount: Amount
        /// The path of the cgroup, or `host`.
        package var level: String

        /// Makes a pair.
        package init(_ amount: Amount, _ level: String) {
            self.amount = amount
            self.level = level
        }
    }

    /// The file of a cgroup that sets a memory limit.
    package enum MemoryFile: String, Sendable {
        /// Beyond it the OOM killer comes.
        case max = "memory.max"
        /// Beyond it processes are slowed down until they have given memory back.
        case high = "memory.high"
    }

    /// How full the memory of one level is.
    package struct MemoryFill: Sendable, Hashable {
        /// The path of the cgroup.
        package var level: String
        /// The file that sets the limit.
        package var file: MemoryFile
        /// The limit.
        package var limit: ByteCount
        /// The working set of that cgroup: `memory.current` less `inactive_file`.
        package var used: ByteCount

        /// Makes one.
        package init(level: String, file: MemoryFile, limit: ByteCount, used: ByteCount) {
            self.level = level
            self.file = file
            self.limit = limit
            self.used = used
        }

        /// Used in percent of the limit; more than 100 where `memory.high` is exceeded.
        package var percent: Double { Self.percent(used.bytes, of: limit.bytes) }

        /// A share in percent; a limit of nothing is always full.
        package static func percent(_ used: Int64, of limit: Int64) -> Double {
            limit > 0 ? Double(used) / Double(limit) * 100 : 100
        }
    }

    /// How much of its quota one level used in the last interval.
    package struct CPUFill: Sendable, Hashable {
        /// The path of the cgroup.
        package var level: String
        /// The quota in cores.
        package var cores: Double
        /// Used in percent of the quota.
        package var percent: Double

        /// Makes one.
        package init(level: String, cores: Double, percent: Double) {
            self.level = level
            self.cores = cores
            self.percent = percent
        }
    }

    /// What is limited.
    package enum Resource: String, Sendable, CaseIterable {
        /// `memory.max`, `memory.high`
        case memory
        /// `memory.swap.max`
        case swap
        /// `cpu.max`
        case cpu
        /// `pids.max`
        case pids
    }

    /// A file of some level that could not be read.
    package struct Unread: Sendable, Hashable {
        /// What it is about.
        package var resource: Resource
        /// The file, by its path where it is that of a cgroup above.
        package var file: UnreadableFile

        /// Makes one.
        package init(_ resource: Resource, _ file: UnreadableFile) {
            self.resource = resource
            self.file = file
        }
    }

    /// The smallest memory limit, bytes; nil where no level has one.
    package var memory: At<Int64>?
    /// The file that sets it.
    package var memoryFile: MemoryFile?
    /// The level that is fullest in percent of its limit; nil where none has one, or the host's memory is fuller.
    package var memoryFill: MemoryFill?
    /// The least room at any level, bytes, and no more than the host has available. Swap does not count.
    package var memoryAvailable: At<Int64>?
    /// The smallest swap limit, bytes.
    package var swap: At<Int64>?
    /// The least room for swap at any level with a limit, bytes.
    package var swapAvailable: At<Int64>?
    /// The smallest CPU quota in cores.
    package var cores: At<Double>?
    /// The level that used most of its quota; nil without a quota or a rate.
    package var cpuFill: CPUFill?
    /// The level whose quota throttled most; nil without a quota or a rate.
    package var throttledLevel: String?
    /// The smallest limit of processes and threads.
    package var pids: At<Int64>?
    /// The least room for processes and threads at any level with a limit.
    package var pidsAvailable: At<Int64>?
    /// What could not be read at some level. What depends on it is not known then; what is full is full all the same.
    package var unread: [Unread] = []

    /// Makes limits of which none is known.
    package init() {}
}
