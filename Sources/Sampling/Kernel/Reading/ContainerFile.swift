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

    /// Every file, in the order of reading.
    static let all: [ContainerFile] = [
        ContainerFile("cpu.stat", CPUStat.keys),
        ContainerFile("cpu.max") { bytes, row, _ in CPUMax.parse(bytes, into: row) },
        ContainerFile("cpu.weight", .cpuWeight),
        ContainerFile("cpu.pressure", some: .cpuWaiting, full: .cpuStalled),
        ContainerFile("memory.current", .memory),
        ContainerFile("memory.stat", MemoryStat.keys),
        ContainerFile("memory.events", MemoryEvents.keys),
        ContainerFile("memory.max", .memoryLimit),
        ContainerFile("memory.low", .memoryLow),
        ContainerFile("memory.peak", .memoryPeak),
        ContainerFile("memory.swap.current", .swap),
        ContainerFile("memory.swap.max", .swapLimit),
        ContainerFile("memory.pressure", some: .memoryWaiting, full: .memoryStalled),
        ContainerFile("io.stat") { bytes, _, devices in IOStat.parse(bytes, into: &devices) },
        ContainerFile("io.pressure", some: .ioWaiting, full: .ioStalled),
        ContainerFile("pids.current", .threads),
        ContainerFile("pids.max", .threadsMax),
        ContainerFile("cgroup.events", CgroupEvents.keys),
    ]

    /// What crun sets on the child `container` of its scope, not on the scope itself.
    static let payload: [ContainerFile] = [
        ContainerFile("cpu.stat", CPUStat.keys),
        ContainerFile("cpu.max") { bytes, row, _ in CPUMax.parse(bytes, into: row) },
        ContainerFile("memory.max", .memoryLimit),
        ContainerFile("memory.low", .memoryLow),
        ContainerFile("memory.swap.max", .swapLimit),
        ContainerFile("pids.max", .threadsMax),
    ]
}
