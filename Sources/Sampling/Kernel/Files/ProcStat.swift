// SPDX-License-Identifier: Apache-2.0

/// `/proc/stat`; CPU times in clock ticks since boot.
/// ```
/// cpu  12301 0 9586 40304 73 0 439 0 0 0
/// cpu0 5797 0 5016 20326 37 0 248 0 0 0
/// ctxt 179591
/// btime 1795363960
/// processes 1697
/// procs_running 2
/// procs_blocked 0
/// ```
struct ProcStat: Hashable {
    /// The times of one processor.
    struct CPU: Hashable {
        /// Its number; offline ones are left out by the kernel.
        var number: Int64
        /// user, nice, system, idle, iowait, irq, softirq, steal.
        var ticks: [Int64]
    }

    /// The modes, under node_exporter's names.
    static let modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]
    /// The kernel's own upper bound (NR_CPUS).
    static let cpuLimit = 8192

    var cpus: [CPU] = []
    /// How many processors there are, with those whose times were not understood.
    var online = 0
    /// Lines that were not understood.
    var badLines = 0
    var contextSwitches: Int64?
    var bootTime: Int64?
    var forks: Int64?
    var running: Int64?
    var blocked: Int64?

    init() {}

    init(parsing bytes: KernelBytes) {
        var bytes = bytes
        while let (line, isWhole) = bytes.nextLine() {
            guard isWhole else {
                badLines += 1
                continue
            }
            var fields = bytes.fields(line)
            guard let key = fields.next() else { continue }
            if bytes.starts(key, with: "cpu") {
                guard let number = bytes.number(key.lowerBound + 3..<key.upperBound),
                    cpus.count < Self.cpuLimit, !cpus.contains(where: { $0.number == number })
                else {
                    // The first line is the sum of all.
                    if key.count > 3 { badLines += 1 }
                    continue
                }
                online += 1
                var ticks: [Int64] = []
                ticks.reserveCapacity(Self.modes.count)
                while ticks.count < Self.modes.count, let field = fields.next(), let n = bytes.number(field) {
                    ticks.append(n)
                }
                // Steal came last, with 2.6.11: fewer numbers are a torn line.
                if ticks.count == Self.modes.count {
                    cpus.append(CPU(number: number, ticks: ticks))
                } else {
                    badLines += 1
                }
                continue
            }
            guard let field = fields.next(), let number = bytes.number(field) else { continue }
            if bytes.equals(key, "ctxt") { contextSwitches = number }
            if bytes.equals(key, "btime") { bootTime = number }
            if bytes.equals(key, "processes") { forks = number }
            if bytes.equals(key, "procs_running") { running = number }
            if bytes.equals(key, "procs_blocked") { blocked = number }
        }
    }

    /// Busy and whole time of all processors, ticks; idle and iowait are not busy.
    var busy: (busy: Int64, all: Int64) {
        var busy: Int64 = 0
        var all: Int64 = 0
        for cpu in cpus {
            for (mode, ticks) in cpu.ticks.enumerated() {
                all = all &+ ticks
                if mode != 3, mode != 4 { busy = busy &+ ticks }
            }
        }
        return (busy, all)
    }
}
