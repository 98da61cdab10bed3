// SPDX-License-Identifier: Apache-2.0

/// `cpu.stat`, all times in µs since the cgroup was made.
/// ```
/// usage_usec 65957382
/// user_usec 44609686
/// system_usec 21347695
/// nr_periods 1391
/// nr_throttled 1382
/// throttled_usec 145407198
/// nr_bursts 0
/// burst_usec 0
/// ```
/// The first three are there even without the cpu controller (since 4.15); bursts since 5.14.
enum CPUStat {
    static let keys = FlatKeys([
        ("usage_usec", .cpuUsage), ("user_usec", .cpuUser), ("system_usec", .cpuSystem),
        ("nr_periods", .periods), ("nr_throttled", .throttledPeriods), ("throttled_usec", .throttledTime),
        ("nr_bursts", .bursts), ("burst_usec", .burstTime),
    ])
}
