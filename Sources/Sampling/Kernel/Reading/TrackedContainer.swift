// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// One container, unit or cgroup of interest, from its appearance to its end: its open files and what was read.
final class TrackedContainer {
    /// Why it is read.
    enum Purpose {
        /// It is on the page.
        case exported
        /// A check or question names it, or vitald itself lives in it; it is not on the page.
        case asked
    }

    /// What became of a read.
    enum Reading {
        /// The row counts; what `faults` names is missing in it.
        case whole
        /// The cgroup vanished: nothing of it counts.
        case gone
        /// The cgroup could not be opened: nothing of it is known, not even whether anything runs in it.
        case unreadable
    }

    /// A file that could not be read this time.
    struct FileFault {
        let name: StaticString
        /// Whether it is the payload's.
        var isPayload = false
        let fault: KernelFault
    }

    let node: CgroupNode
    let match: CgroupIdentity.Match?
    var identity: ContainerIdentity
    var purpose: Purpose
    var devices: [IOStat.Device] = []
    var interfaces: [NetDev.Interface] = []
    /// The size of its root, where that is asked for.
    var filesystem: FilesystemFigures?
    var labels = ContainerLabels()
    var pace = CPUPace()
    var process = ContainerProcess()
    /// Whether the row of this round counts.
    var isWhole = false
    /// What its own files say of limits, without the payload's.
    private(set) var level = LevelFigures()
    /// What the payload's files say of limits; nil without one.
    private var payloadLevel: LevelFigures?
    /// What bounds it, up to the root.
    var bounds = LimitBounds()
    /// Whether its cgroup is there but could not be opened in this round.
    var isUnreadable = false
    /// Whether a check names it: the page never leaves it out for a limit.
    var isChecked = false
    /// Whether the page leaves it out for the limit of series.
    var isCut = false
    /// What could not be read this time.
    private(set) var faults: [FileFault] = []
    private var files: [KernelReader.KeptFile]
    private var payloadFiles: [KernelReader.KeptFile] = []
    private var payload: CgroupNode?
    /// Whether the payload vanished during this read, so that its limits are not known.
    private(set) var hasLostPayload = false
    /// Allocated where there is a payload.
    private var payloadRow: UnsafeMutableBufferPointer<Int64>?

    init(_ node: CgroupNode, identity: ContainerIdentity, purpose: Purpose) {
        self.node = node
        match = node.match
        self.identity = identity
        self.purpose = purpose
        files = Array(repeating: KernelReader.KeptFile(), count: ContainerFile.all.count)
    }

    deinit { payloadRow?.deallocate() }

    /// Gives back every descriptor.
    func close(_ reader: KernelReader) {
        for i in files.indices { reader.release(&files[i].descriptor) }
        closePayload(reader)
        process.close(reader)
    }

    /// Reads every file into the row.
    func read(_ tree: CgroupTree, _ reader: KernelReader, into row: FigureRow, now: Int64, bad: inout Int)
        -> Reading
    {
        row.clear()
        devices.removeAll(keepingCapacity: true)
        if !faults.isEmpty { faults.removeAll(keepingCapacity: true) }
        hasLostPayload = false
        guard !node.isGone else { return .gone }
        if let fault = node.fault {
            faults.append(FileFault(name: ".", fault: fault))
            return .unreadable
        }
        let (directory, isTemporary) = tree.enter(node)
        guard directory >= 0 else {
            let fault = KernelFault(code: -directory)
            if fault.isAbsence { return .gone }
            faults.append(FileFault(name: ".", fault: fault))
            return .unreadable
        }
        defer { if isTemporary { Glibc.close(directory) } }
        let opensBefore = reader.opens
        guard readFiles(tree, reader, directory, into: row, now: now, bad: &bad) else { return .gone }
        // A file that was not to be opened may be missing, or the whole cgroup: only the latter is dead.
        if reader.opens != opensBefore, !tree.isAlive(node, directory, now: now) { return .gone }
        readPayload(tree, reader, row, now: now, bad: &bad)
        if let fault = node.processFault { faults.append(FileFault(name: "cgroup.procs", fault: fault)) }
        derive(row)
        // In a captured tree the directory's time is that of the copy.
        row[.created] = tree.isKernel ? node.created : nil
        return .whole
    }

    /// Reads the files of the cgroup itself: twenty of them at every reading of every container, so the tables are taken
    /// in hand once and not once for each. False where the cgroup is gone; one file that cannot be read costs its own
    /// figures alone.
    private func readFiles(
        _ tree: CgroupTree, _ reader: KernelReader, _ directory: Int32, into row: FigureRow, now: Int64,
        bad: inout Int
    ) -> Bool {
        var found = devices
        devices = []
        defer { devices = found }
        return files.withUnsafeMutableBufferPointer { files in
            ContainerFile.all.withUnsafeBufferPointer { all in
                for i in files.indices {
                    switch reader.read(&files[i], all[i].name, in: directory, now: now) {
                    case .bytes(let bytes): bad &+= all[i].parse(bytes, row, &found)
                    case .missing: continue
                    // Where a controller is switched off its files alone are gone.
                    case .gone: if !tree.isAlive(node, directory, now: now) { return false }
                    case .failed(let code):
                        faults.append(FileFault(name: all[i].name, fault: KernelFault(code: code)))
                    }
                }
                return true
            }
        }
    }

    /// Reads CPU alone, for a baseline.
    func readPace(
        _ tree: CgroupTree, _ reader: KernelReader, _ row: FigureRow, now: Instant, processors: Int?
    ) {
        row.clear()
        guard !node.isGone, node.fault == nil else { return }
        let (directory, isTemporary) = tree.enter(node)
        guard directory >= 0 else { return }
        defer { if isTemporary { Glibc.close(directory) } }
        let file = ContainerFile.all[ContainerFile.cpuStat]
        if case .bytes(let bytes) = reader.read(
            &files[ContainerFile.cpuStat], file.name, in: directory, now: now.nanoseconds)
        {
            _ = file.parse(bytes, row, &devices)
            // Periods are counted where the quota is: with crun in another cgroup, which is not read here.
            let isHere = payloadNode == nil
            pace.note(
                at: now, usage: row[.cpuUsage], periods: isHere ? row[.periods] : nil,
                throttled: isHere ? row[.throttledPeriods] : nil, processors: processors)
        }
    }

    /// Reads what limits its memory and what is used of it, for a look at that alone: the figures of the last reading stay.
    func readMemory(_ tree: CgroupTree, _ reader: KernelReader, _ row: FigureRow, now: Int64)
        -> LevelFigures
    {
        row.clear()
        let (directory, isTemporary) = tree.enter(node)
        guard directory >= 0 else {
            let fault = LevelFault(".", KernelFault(code: -directory))
            return LevelFigures(row, faults: fault.map { [$0] } ?? [])
        }
        defer { if isTemporary { Glibc.close(directory) } }
        var found: [LevelFault] = []
        readMemory(ContainerFile.memoryLimits, reader, directory, row, now: now, &found)
        let limits = LevelFigures(row)
        if limits.memoryMax != nil || limits.memoryHigh != nil {
            readMemory(ContainerFile.memoryUse, reader, directory, row, now: now, &found)
        }
        return LevelFigures(row, faults: found)
    }

    private func readMemory(
        _ places: [Int], _ reader: KernelReader, _ directory: Int32, _ row: FigureRow, now: Int64,
        _ found: inout [LevelFault]
    ) {
        var none: [IOStat.Device] = []
        for i in places {
            let file = ContainerFile.all[i]
            var code: Int32 = 0
            switch reader.read(&files[i], file.name, in: directory, now: now) {
            // What is not understood may be a limit.
            case .bytes(let bytes): if file.parse(bytes, row, &none) > 0 { code = EBADMSG }
            case .missing, .gone: continue
            case .failed(let failed): code = failed
            }
            if code != 0, let fault = LevelFault(file.name, KernelFault(code: code)) { found.append(fault) }
        }
    }

    /// crun's scope holds no limits, its child `container` does, whichever runtime started it (podman, Docker, containerd,
    /// CRI-O: `run.oci.systemd.subgroup` of crun(1)); what is tighter holds. It goes first when a container ends: where it
    /// cannot be read, or not any more, the limits are unknown and the rest of the container is not.
    private func readPayload(
        _ tree: CgroupTree, _ reader: KernelReader, _ row: FigureRow, now: Int64, bad: inout Int
    ) {
        level = LevelFigures(row, faults: levelFaults(ofPayload: false))
        payloadLevel = nil
        defer { if payloadLevel != nil { payloadLevel?.faults = levelFaults(ofPayload: true) } }
        let child = payloadNode
        if child !== payload || child == nil {
            closePayload(reader)
            payload = child
        }
        guard let child else { return }
        if let fault = child.fault { return losePayload(fault, row) }
        if payloadRow == nil { payloadRow = .allocate(capacity: FigureColumn.count) }
        guard let base = payloadRow?.baseAddress else { return }
        if payloadFiles.isEmpty {
            payloadFiles = Array(repeating: KernelReader.KeptFile(), count: ContainerFile.payload.count)
        }
        let (directory, isTemporary) = tree.enter(child)
        guard directory >= 0 else {
            let fault = KernelFault(code: -directory)
            if fault.isAbsence { removePayload(child, tree) }
            return losePayload(fault, row)
        }
        defer { if isTemporary { Glibc.close(directory) } }
        let below = FigureRow(base)
        below.clear()
        for i in payloadFiles.indices {
            let file = ContainerFile.payload[i]
            switch reader.read(&payloadFiles[i], file.name, in: directory, now: now) {
            case .bytes(let bytes): bad &+= file.parse(bytes, below, &devices)
            case .missing: continue
            case .gone:
                if tree.isAlive(child, directory, now: now) { continue }
                removePayload(child, tree)
                return losePayload(KernelFault(code: ENODEV), row)
            case .failed(let code):
                faults.append(FileFault(name: file.name, isPayload: true, fault: KernelFault(code: code)))
            }
        }
        payloadLevel = LevelFigures(below)
        for column in [FigureColumn.memoryLimit, .memoryHigh, .swapLimit, .threadsMax] {
            if let limit = below[column] { row[column] = min(limit, row[column] ?? FigureRow.unlimited) }
        }
        if let low = below[.memoryLow] { row[.memoryLow] = max(low, row[.memoryLow] ?? 0) }
        if let quota = below[.cpuQuota], let period = below[.cpuPeriod], quota != FigureRow.unlimited,
            Self.cores(quota, period) < Self.cores(row[.cpuQuota], row[.cpuPeriod])
        {
            for column in [
                FigureColumn.cpuQuota, .cpuPeriod, .periods, .throttledPeriods, .throttledTime, .bursts,
                .burstTime,
            ] { row[column] = below[column] }
        }
    }

    private func removePayload(_ child: CgroupNode, _ tree: CgroupTree) {
        tree.remove(child)
        hasLostPayload = true
    }

    /// Takes note that nothing is known of the payload: those of the scope are not the limits then.
    private func losePayload(_ fault: KernelFault, _ row: FigureRow) {
        faults.append(FileFault(name: ".", isPayload: true, fault: fault))
        payloadLevel = LevelFigures()
        for column in [
            FigureColumn.memoryLimit, .memoryHigh, .memoryLow, .swapLimit, .threadsMax, .cpuQuota, .cpuPeriod,
        ] { row[column] = nil }
    }

    /// Takes note that another cgroup has its place, which was not looked at.
    func noteReplaced() {
        faults = [FileFault(name: ".", fault: KernelFault(code: ESTALE))]
        isUnreadable = true
    }

    private func levelFaults(ofPayload isPayload: Bool) -> [LevelFault] {
        faults.isEmpty
            ? [] : faults.filter { $0.isPayload == isPayload }.compactMap { LevelFault($0.name, $0.fault) }
    }

    /// Its level with the CPU that it used.
    var levelWithPace: LevelFigures { withPace(level) }

    /// The payload's level. All that runs in the scope runs there, so what the scope uses is what it uses.
    var payloadLevelWithPace: (LevelFigures, CgroupNode)? {
        guard var figures = payloadLevel, let payload else { return nil }
        figures.workingSet = level.workingSet
        figures.swap = level.swap
        figures.pids = level.pids
        return (withPace(figures), payload)
    }

    private func withPace(_ level: LevelFigures) -> LevelFigures {
        var level = level
        level.cores = pace.cores
        level.throttledPercent = pace.throttledPercent
        return level
    }

    private var payloadNode: CgroupNode? {
        guard match?.isContainer ?? false else { return nil }
        return node.children.first { $0.path.components.last.map { $0 == Self.payloadName } ?? false }
    }

    static let payloadDirectory = "container"
    private static let payloadName = Array(payloadDirectory.utf8)

    /// How many cores a quota allows; infinite without one.
    static func cores(_ quota: Int64?, _ period: Int64?) -> Double {
        guard let quota, let period, quota != FigureRow.unlimited, period > 0 else { return .infinity }
        return Double(quota) / Double(period)
    }

    /// Fills the columns that follow from others.
    private func derive(_ row: FigureRow) {
        // Without a quota the kernel writes zeros that mean nothing.
        if row[.cpuQuota] == nil || row[.cpuQuota] == FigureRow.unlimited {
            for column in [
                FigureColumn.periods, .throttledPeriods, .throttledTime, .bursts, .burstTime,
            ] { row[column] = nil }
        }
        if let weight = row[.cpuWeight], weight >= 1, weight <= 10_000 {
            // cAdvisor's linear formula; the newer curve of runc has no unique inverse.
            row[.cpuShares] = 2 + (weight - 1) * 262_142 / 9999
        }
        if node.isRoot, row[.memory] == nil, let anon = row[.anon], let file = row[.file] {
            // The root of the machine has no memory.current.
            row[.memory] = anon &+ file
        }
        if let memory = row[.memory], let inactive = row[.inactiveFile] {
            row[.workingSet] = memory > inactive ? memory - inactive : 0
        }
        row[.processes] = node.processesBelow
    }

    private func closePayload(_ reader: KernelReader) {
        for i in payloadFiles.indices { reader.release(&payloadFiles[i].descriptor) }
        payloadFiles.removeAll()
        payload = nil
    }
}
