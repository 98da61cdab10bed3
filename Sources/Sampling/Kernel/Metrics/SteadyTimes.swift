// SPDX-License-Identifier: Apache-2.0

/// The processors' times as counters, which never fall.
///
/// The kernel's own step back a little: idle and iowait are estimated while a processor sleeps, and what was taken for
/// the one turns out to be the other (proc_stat(5): the iowait field "may decrease in certain conditions"); steal is the
/// hypervisor's. As in node_exporter's cpu collector a smaller number is held until the kernel's has passed it; where
/// idle falls by 3 s or more, the processor was taken out and put back (hot-plug), and all of its times begin from there.
struct SteadyTimes {
    /// From here on a step back is no estimate, ticks.
    static let reset = 3 * ProcessStat.ticksPerSecond
    private static let idle = 3

    /// By the processor's number; that of one which is away is kept, so that it goes on where it was if it comes back.
    private var held: [Int64: [Int64]] = [:]

    /// Takes what the kernel says and makes it what is shown.
    mutating func steady(_ cpus: inout [ProcStat.CPU]) {
        for i in cpus.indices {
            let number = cpus[i].number
            guard let before = held[number], before.count == cpus[i].ticks.count,
                before[Self.idle] &- cpus[i].ticks[Self.idle] < Self.reset
            else {
                // At most as many as the kernel can have; hostile numbers make no more.
                if held.count < ProcStat.cpuLimit || held[number] != nil { held[number] = cpus[i].ticks }
                continue
            }
            for mode in cpus[i].ticks.indices {
                cpus[i].ticks[mode] = max(cpus[i].ticks[mode], before[mode])
            }
            held[number] = cpus[i].ticks
        }
    }
}
