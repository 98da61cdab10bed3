// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The cgroups above containers and units: slices, pods, a user's own manager. Their limits hold for everything
/// below them, so each is read once in a round, however many containers it has; one that is measured itself is not
/// read again.
///
/// Most have no limit: then its limit files are all that is read, and what is used only where there is one.
final class LimitLevels {
    /// One such cgroup.
    private final class Level {
        let node: CgroupNode
        /// Empty until it is read itself.
        var files: [KernelReader.KeptFile] = []
        var pace = CPUPace()
        /// Whether it had a CPU quota when it was last read; nil before.
        var hasQuota: Bool?
        /// The round of its bounds.
        var round: UInt64 = 0
        var bounds = LimitBounds()

        init(_ node: CgroupNode) { self.node = node }
    }

    /// The limits, and behind them what is used.
    private static let files: [ContainerFile] = [
        .memoryMax, .memoryHigh, .swapMax, .cpuMax, .pidsMax,
        .memoryCurrent, .memoryStat, .swapCurrent, .cpuStatistics, .pidsCurrent,
    ]
    private static let limitCount = 5
    // Places in `files`.
    private static let quota = 3
    private static let cpuUse = 8

    /// Finds the container or unit that is measured at a node, for its figures.
    typealias Tracked = (CgroupNode) -> TrackedContainer?

    private let reader: KernelReader
    private var levels: [ObjectIdentifier: Level] = [:]
    private var round: UInt64 = 0
    private let scratch: UnsafeMutableBufferPointer<Int64>
    /// Lines that were not understood in this round.
    private(set) var badLines = 0
    /// The files that could not be read in this round.
    private(set) var faults: [(fault: LevelFault, node: CgroupNode)] = []

    init(_ reader: KernelReader) {
        self.reader = reader
        scratch = .allocate(capacity: FigureColumn.count)
        scratch.initialize(repeating: FigureRow.missing)
    }

    deinit { scratch.deallocate() }

    /// How many cgroups are kept.
    var count: Int { levels.count }

    /// Gives back every descriptor.
    func close() {
        for level in levels.values { release(level) }
        levels.removeAll()
    }

    /// Begins a round: from now on each level is read again.
    func begin() {
        round &+= 1
        badLines = 0
        if !faults.isEmpty { faults.removeAll(keepingCapacity: true) }
    }

    /// Ends a round: what nothing stood below is forgotten.
    func end() {
        for (key, level) in levels where level.round != round {
            release(level)
            levels[key] = nil
        }
    }

    /// What bounds a container or unit that was read in this round.
    func bounds(
        of container: TrackedContainer, _ tree: CgroupTree, now: Instant, processors: Int?, _ tracked: Tracked
    )
        -> LimitBounds
    {
        var bounds =
            container.node.parent.map { self.bounds(at: $0, tree, now: now, processors: processors, tracked) }
            ?? LimitBounds()
        bounds.tighten(by: container.levelWithPace, at: container.node)
        if let (payload, node) = container.payloadLevelWithPace { bounds.tighten(by: payload, at: node) }
        bounds.settle(workingSet: container.level.workingSet, cores: container.pace.cores)
        return bounds
    }

    /// What bounds everything at and below a node.
    func bounds(at node: CgroupNode, _ tree: CgroupTree, now: Instant, processors: Int?, _ tracked: Tracked)
        -> LimitBounds
    {
        let level = self.level(node)
        if level.round == round { return level.bounds }
        level.round = round
        var bounds =
            node.parent.map { self.bounds(at: $0, tree, now: now, processors: processors, tracked) }
            ?? LimitBounds()
        if let container = tracked(node), container.isWhole {
            bounds.tighten(by: container.levelWithPace, at: node)
        } else {
            bounds.tighten(by: read(level, tree, now: now, processors: processors), at: node)
        }
        level.bounds = bounds
        return bounds
    }

    /// Reads CPU of the levels above a node that have a quota, for a baseline.
    func readPace(
        above node: CgroupNode, _ tree: CgroupTree, now: Instant, processors: Int?, _ tracked: Tracked
    ) {
        var next = node.parent
        while let node = next {
            next = node.parent
            let level = self.level(node)
            // All above it have been read too.
            if level.round == round { return }
            level.round = round
            if tracked(node) == nil, level.hasQuota ?? true {
                readPace(level, tree, now: now, processors: processors)
            }
        }
    }

    private func level(_ node: CgroupNode) -> Level {
        let key = ObjectIdentifier(node)
        if let known = levels[key] { return known }
        let made = Level(node)
        levels[key] = made
        return made
    }

    private func read(_ level: Level, _ tree: CgroupTree, now: Instant, processors: Int?) -> LevelFigures {
        guard let base = scratch.baseAddress else { return LevelFigures() }
        let row = FigureRow(base)
        row.clear()
        var found: [LevelFault] = []
        enter(level, tree, &found) { directory, found in
            for i in 0..<Self.limitCount { read(i, of: level, directory, row, now: now, &found) }
            let limits = LevelFigures(row)
            let isMemoryLimited = limits.memoryMax != nil || limits.memoryHigh != nil
            level.hasQuota = limits.quota != nil
            for (i, isLimited) in [
                (5, isMemoryLimited), (6, isMemoryLimited), (7, limits.swapMax != nil),
                (Self.cpuUse, limits.quota != nil), (9, limits.pidsMax != nil),
            ] where isLimited { read(i, of: level, directory, row, now: now, &found) }
        }
        for fault in found { faults.append((fault, level.node)) }
        var figures = LevelFigures(row, faults: found)
        if figures.quota == nil {
            level.pace = CPUPace()
        } else {
            note(row, level, now: now, processors)
        }
        figures.cores = level.pace.cores
        figures.throttledPercent = level.pace.throttledPercent
        return figures
    }

    private func readPace(_ level: Level, _ tree: CgroupTree, now: Instant, processors: Int?) {
        guard let base = scratch.baseAddress else { return }
        let row = FigureRow(base)
        row.clear()
        var found: [LevelFault] = []
        enter(level, tree, &found) { directory, found in
            if level.hasQuota == nil {
                read(Self.quota, of: level, directory, row, now: now, &found)
                guard LevelFigures(row).quota != nil else { return }
            }
            read(Self.cpuUse, of: level, directory, row, now: now, &found)
            note(row, level, now: now, processors)
        }
    }

    private func note(_ row: FigureRow, _ level: Level, now: Instant, _ processors: Int?) {
        level.pace.note(
            at: now, usage: row[.cpuUsage], periods: row[.periods], throttled: row[.throttledPeriods],
            processors: processors)
    }

    /// Runs the body in a level's directory; what is gone has nothing more to say.
    private func enter(
        _ level: Level, _ tree: CgroupTree, _ found: inout [LevelFault],
        _ body: (Int32, inout [LevelFault]) -> Void
    ) {
        guard !level.node.isGone else { return }
        let (directory, isTemporary) = tree.enter(level.node)
        guard directory >= 0 else {
            let fault = KernelFault(code: -directory)
            if !fault.isAbsence, let fault = LevelFault(".", fault) { found.append(fault) }
            return
        }
        defer { if isTemporary { Glibc.close(directory) } }
        if level.files.isEmpty {
            level.files = Array(repeating: KernelReader.KeptFile(), count: Self.files.count)
        }
        body(directory, &found)
    }

    private func read(
        _ index: Int, of level: Level, _ directory: Int32, _ row: FigureRow, now: Instant,
        _ found: inout [LevelFault]
    ) {
        let file = Self.files[index]
        var code: Int32 = 0
        switch reader.read(&level.files[index], file.name, in: directory, now: now.nanoseconds) {
        case .bytes(let bytes):
            var devices: [IOStat.Device] = []
            let bad = file.parse(bytes, row, &devices)
            badLines &+= bad
            // What is not understood may be a limit.
            if bad > 0 { code = EBADMSG }
        // The controller is off, or it is the root of the machine: no limit. A cgroup that is gone has none either.
        case .missing, .gone: return
        case .failed(let failed): code = failed
        }
        if code != 0, let fault = LevelFault(file.name, KernelFault(code: code)) { found.append(fault) }
    }

    private func release(_ level: Level) {
        for i in level.files.indices { reader.release(&level.files[i].descriptor) }
        level.files.removeAll()
    }
}
