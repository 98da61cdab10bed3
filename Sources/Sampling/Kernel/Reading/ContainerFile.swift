// SPDX-License-Identifier: Apache-2.0

/// The files that are read of every container. A new file is one parser and one line in `all`.
struct ContainerFile: Sendable {
    /// Reads the bytes into the row (or the devices); returns how many lines were not understood.
    typealias Parser = @Sendable (KernelBytes, FigureRow, inout [IOStat.Device]) -> Int

    let name: StaticString
    let parse: Parser

    init(_ name: StaticString, _ parse: @escaping Parser) {
        self.name = name
        self.parse = parse
    }

    private init(_ name: StaticString, _ column: FigureColumn) {
        self.init(name) { bytes, row, _ in SingleNumber.parse(bytes, into: row, column) }
    }

    private init(_ name: StaticString, _ keys: FlatKeys) {
        self.init(name) { bytes, row, _ in keys.parse(bytes, into: row) }
    }

    private init(_ name: StaticString, some: FigureColumn, full: FigureColumn) {
        self.init(name) { bytes, row, _ in Pressure.parse(bytes, into: row, some: some, full: full) }
    }

    /// Place of `cpu.stat` in `all`: the one file that a baseline of CPU needs.
    static let cpuStat = 0

    /// Places in `all` of what limits memory, and of what tells how much of it is used.
    static let memoryLimits = places([.memory])
    static let memoryUse = places([.memoryUse])

    private static func places(_ resources: LimitResources) -> [Int] {
        all.indices.filter { !LimitResources.of(all[$0].name).isDisjoint(with: resources) }
    }

    /// Every file, in the order of reading.
    static let all: [ContainerFile] = [
        cpuStatistics,
        cpuMax,
        ContainerFile("cpu.weight", .cpuWeight),
        ContainerFile("cpu.pressure", some: .cpuWaiting, full: .cpuStalled),
        memoryCurrent,
        memoryStat,
        ContainerFile("memory.events", MemoryEvents.keys),
        memoryMax,
        memoryHigh,
        ContainerFile("memory.low", .memoryLow),
        ContainerFile("memory.peak", .memoryPeak),
        swapCurrent,
        swapMax,
        ContainerFile("memory.pressure", some: .memoryWaiting, full: .memoryStalled),
        ContainerFile("io.stat") { bytes, _, devices in IOStat.parse(bytes, into: &devices) },
        ContainerFile("io.pressure", some: .ioWaiting, full: .ioStalled),
        pidsCurrent,
        pidsMax,
        ContainerFile("cgroup.events", CgroupEvents.keys),
    ]

    /// What crun sets on the child `container` of its scope, not on the scope itself.
    static let payload: [ContainerFile] = [
        cpuStatistics,
        cpuMax,
        memoryMax,
        memoryHigh,
        ContainerFile("memory.low", .memoryLow),
        swapMax,
        pidsMax,
    ]

    // Those that are also read of the cgroups above (`LimitLevels`).
    static let cpuStatistics = ContainerFile("cpu.stat", CPUStat.keys)
    static let cpuMax = ContainerFile("cpu.max") { bytes, row, _ in CPUMax.parse(bytes, into: row) }
    static let memoryCurrent = ContainerFile("memory.current", .memory)
    static let memoryStat = ContainerFile("memory.stat", MemoryStat.keys)
    static let memoryMax = ContainerFile("memory.max", .memoryLimit)
    static let memoryHigh = ContainerFile("memory.high", .memoryHigh)
    static let swapCurrent = ContainerFile("memory.swap.current", .swap)
    static let swapMax = ContainerFile("memory.swap.max", .swapLimit)
    static let pidsCurrent = ContainerFile("pids.current", .threads)
    static let pidsMax = ContainerFile("pids.max", .threadsMax)
}
