// SPDX-License-Identifier: Apache-2.0

/// What can be limited at one level of the tree: the limits, and what is used of them.
struct LimitResources: OptionSet, Hashable {
    let rawValue: UInt8

    static let memory = LimitResources(rawValue: 1)
    static let swap = LimitResources(rawValue: 2)
    static let cpu = LimitResources(rawValue: 4)
    static let pids = LimitResources(rawValue: 8)
    static let memoryUse = LimitResources(rawValue: 16)
    static let swapUse = LimitResources(rawValue: 32)
    static let cpuUse = LimitResources(rawValue: 64)
    static let pidsUse = LimitResources(rawValue: 128)
    static let all = LimitResources(rawValue: 255)

    /// What a file tells; nothing for files that say nothing of limits.
    static func of(_ file: StaticString) -> LimitResources {
        switch "\(file)" {
        case "memory.max", "memory.high": .memory
        case "memory.current", "memory.stat": .memoryUse
        case "memory.swap.max": .swap
        case "memory.swap.current": .swapUse
        case "cpu.max": .cpu
        case "cpu.stat": .cpuUse
        case "pids.max": .pids
        case "pids.current": .pidsUse
        case ".": .all
        default: []
        }
    }
}

/// A file of a level that could not be read this time.
struct LevelFault {
    /// What is not known without it.
    let resources: LimitResources
    /// Its name; `.` for the cgroup itself.
    let name: StaticString
    let fault: KernelFault

    /// Nil for files that say nothing of limits.
    init?(_ name: StaticString, _ fault: KernelFault) {
        resources = LimitResources.of(name)
        guard !resources.isEmpty else { return nil }
        self.name = name
        self.fault = fault
    }
}

/// The limits of one cgroup and what is used of them; nil is what its files do not say, and no limit.
struct LevelFigures {
    var memoryMax: Int64?
    var memoryHigh: Int64?
    var swapMax: Int64?
    var pidsMax: Int64?
    /// The quota in cores.
    var quota: Double?
    /// `memory.current` less `inactive_file`: the kernel gives inactive page cache back before a limit bites.
    var workingSet: Int64?
    var swap: Int64?
    var pids: Int64?
    /// CPU of the last interval, in cores.
    var cores: Double?
    var throttledPercent: Double?
    var faults: [LevelFault] = []

    init() {}

    /// Takes what a row has.
    init(_ row: FigureRow, faults: [LevelFault] = []) {
        self.faults = faults
        memoryMax = Self.bytes(row[.memoryLimit])
        memoryHigh = Self.bytes(row[.memoryHigh])
        swapMax = Self.bytes(row[.swapLimit])
        pidsMax = row[.threadsMax].flatMap { $0 == FigureRow.unlimited ? nil : $0 }
        let cores = TrackedContainer.cores(row[.cpuQuota], row[.cpuPeriod])
        quota = cores.isFinite && cores > 0 ? cores : nil
        if let memory = row[.memory], !faults.contains(where: { $0.resources.contains(.memoryUse) }) {
            // Without inactive_file more seems to be in use than is, never less.
            let inactive = row[.inactiveFile] ?? 0
            workingSet = memory > inactive ? memory - inactive : 0
        }
        swap = row[.swap]
        pids = row[.threads]
    }

    /// Above 2^62 there is no limit either: the kernel rounds huge ones down to whole pages.
    private static func bytes(_ limit: Int64?) -> Int64? { limit.flatMap { $0 > 1 << 62 ? nil : $0 } }
}
