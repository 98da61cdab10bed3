// SPDX-License-Identifier: Apache-2.0

/// What is known of one container or unit at one moment, for the socket and for checks.
///
/// Every figure is optional: nil means that the kernel did not say, never zero.
package struct ContainerFigures: Sendable {
    /// Who it is.
    package var identity: ContainerIdentity
    /// CPU time used since its start, µs (`cpu.stat` usage_usec).
    package var cpuMicroseconds: Int64?
    /// CPU of the last interval, in percent of one core (two busy cores are 200).
    package var cpuPercentOfCore: Double?
    /// CPU of the last interval, in percent of the quota that holds for it, at the level that used most of its own; nil
    /// without a quota.
    package var cpuPercentOfQuota: Double?
    /// CPU of the last interval, in percent of all the host's cores.
    package var cpuPercentOfHost: Double?
    /// Share of the last interval's enforcement periods that were throttled, percent, at the level where it was most; nil
    /// without a quota.
    package var throttledPercent: Double?
    /// `memory.current`, bytes.
    package var memoryBytes: Int64?
    /// `memory.current` less `inactive_file`, bytes.
    package var workingSetBytes: Int64?
    /// `memory.max` of the cgroup itself.
    package var memoryLimit: Limit<ByteCount>?
    /// Memory in percent of the limit that is fullest, up to the root, or of the host's memory where there is no limit.
    package var memoryPercent: Double?
    /// The limits that hold for it, and whose they are; nil where nobody looked.
    package var limits: EffectiveLimits?
    /// Processes killed by the OOM killer since its start (`memory.events` oom_kill).
    package var oomKills: Int64?
    /// Share of time that some task waited for memory in the last 10 s, percent (`memory.pressure` some avg10).
    package var memoryPressure: Double?
    /// Processes in the whole subtree.
    package var processes: Int64?
    /// Received bytes of its network namespace, all interfaces that count.
    package var networkReceivedBytes: Int64?
    /// Transmitted bytes of its network namespace, all interfaces that count.
    package var networkTransmittedBytes: Int64?
    /// Whether any process lives in it (`cgroup.events` populated).
    package var populated: Bool?
    /// Whether its processes are stopped by the freezer (`cgroup.events` frozen, Linux 5.2).
    package var frozen: Bool?
    /// When its oldest process started, for people; also tells one life from the next.
    package var started: WallTime?
    /// Files of its cgroup that could not be read, so that what they hold is unknown.
    package var unreadable: [UnreadableFile] = []

    /// Makes figures of which only the identity is known.
    package init(identity: ContainerIdentity) { self.identity = identity }
}
