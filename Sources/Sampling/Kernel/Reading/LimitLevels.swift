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

    /// One file of a level, and what is not known without it.
    private struct File: Sendable {
        let file: ContainerFile
        let resource: LimitResources

        init(_ file: ContainerFile, _ resource: LimitResources) {
            self.file = file
            self.resource = resource
        }
    }

    /// The limits, and behind them what is used.
    private static let files: [File] = [
        File(.memoryMax, .memory), File(.memoryHigh, .memory), File(.swapMax, .swap),
        File(.cpuMax, .cpu), File(.pidsMax, .pids),
        File(.memoryCurrent, .memory), File(.memoryStat, .memory), File(.swapCurrent, .swap),
        File(.cpuStatistics, .cpu), File(.pidsCurrent, .pids),
    ]
    private static let limitCount = 5

    /// Finds the container or unit that is measured at a node, for its figures.
    typealias Tracked = (CgroupNode) -> TrackedContainer?

    private let reader: KernelReader
    private var levels: [ObjectIdentifier: Level] = [:]
    private var round: UInt64 = 0
    private let scratch: UnsafeMutableBufferPointer<Int64>
    /// Lines that were not understood since the last look.
    var badLines = 0

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

    /// Begins a round: from now on each level is read anew.
    func begin() { round &+= 1 }

    /// Ends a round: what nothing stood below is forgotten.
    func end() {
        for (key, level) in levels where level.round != round {
            release(level)
            levels[key] = nil
        }
    }

    /// What bounds a container or unit that was read in this round.
    func bounds(of container: TrackedContainer, _ tree: CgroupTree, now: Instant, _ tracked: Tracked)
        -> LimitBounds
    {
        var bounds =
            container.node.parent.map { self.bounds(at: $0, tree, now: now, tracked) } ?? LimitBounds()
        bounds.tighten(by: container.levelWithPace, at: container.node)
        if let (payload, node) = container.payloadLevelWithPace { bounds.tighten(by: payload, at: node) }
        bounds.settle(workingSet: container.level.workingSet, cores: container.pace.cores)
        return bounds
    }

    /// What bounds everything at and below a node.
    func bounds(at node: CgroupNode, _ tree: CgroupTree, now: Instant, _ tracked: Tracked) -> LimitBounds {
        let level = self.level(node)
        if level.round == round { return level.bounds }
        level.round = round
        var bounds = node.parent.map { self.bounds(at: $0, tree, now: now, tracked) } ?? LimitBounds()
        if let container = tracked(node), container.isWhole {
            bounds.tighten(by: container.levelWithPace, at: node)
        } else {
            bounds.tighten(by: read(level, tree, now: now), at: node)
        }
        level.bounds = bounds
        return bounds
    }

    /// Reads CPU of the levels above a node that have a quota, for a baseline.
    func readPace(above node: CgroupNode, _ tree: CgroupTree, now: Instant, _ tracked: Tracked) {
        var next = node.parent
        while let node = next {
            next = node.parent
            let level = self.level(node)
            // All above it have been read too.
            if level.round == round { return }
            level.round = round
            if tracked(node) == nil, level.hasQuota ?? true { readPace(level, tree, now: now) }
        }
    }

    private func level(_ node: CgroupNode) -> Level {
        let key = ObjectIdentifier(node)
        if let known = levels[key] { return known }
        let made = Level(node)
        levels[key] = made
        return made
    }

    private func read(_ level: Level, _ tree: CgroupTree, now: Instant) -> LevelFigures {
        guard let base = scratch.baseAddress else { return LevelFigures() }
        let row = FigureRow(base)
        row.clear()
        var unread: LimitResources = []
        let isRead = enter(level, tree) { directory in
            for i in 0..<Self.limitCount { read(i, of: level, directory, row, now: now, &unread) }
            let limits = LevelFigures(row)
            let isMemoryLimited = limits.memoryMax != nil || limits.memoryHigh != nil
            level.hasQuota = limits.quota != nil
            for (i, isLimited) in [
                (5, isMemoryLimited), (6, isMemoryLimited), (7, limits.swapMax != nil),
                (8, limits.quota != nil), (9, limits.pidsMax != nil),
            ] where isLimited { read(i, of: level, directory, row, now: now, &unread) }
        }
        var figures = LevelFigures(row)
        figures.unread = isRead ? unread : .all
        if figures.quota == nil { level.pace = CPUPace() } else { note(row, level, now: now) }
        figures.cores = level.pace.cores
        figures.throttledPercent = level.pace.throttledPercent
        return figures
    }

    private func readPace(_ level: Level, _ tree: CgroupTree, now: Instant) {
        guard let base = scratch.baseAddress else { return }
        let row = FigureRow(base)
        row.clear()
        var unread: LimitResources = []
        _ = enter(level, tree) { directory in
            if level.hasQuota == nil {
                read(3, of: level, directory, row, now: now, &unread)
                guard LevelFigures(row).quota != nil else { return }
            }
            read(8, of: level, directory, row, now: now, &unread)
            note(row, level, now: now)
        }
    }

    private func note(_ row: FigureRow, _ level: Level, now: Instant) {
        level.pace.note(
            at: now, usage: row[.cpuUsage], periods: row[.periods], throttled: row[.throttledPeriods])
    }

    /// Runs the body in a level's directory; false where that cannot be opened.
    private func enter(_ level: Level, _ tree: CgroupTree, _ body: (Int32) -> Void) -> Bool {
        guard !level.node.isGone else { return false }
        let (directory, isTemporary) = tree.enter(level.node)
        guard directory >= 0 else { return false }
        defer { if isTemporary { Glibc.close(directory) } }
        if level.files.isEmpty {
            level.files = Array(repeating: KernelReader.KeptFile(), count: Self.files.count)
        }
        body(directory)
        return true
    }

    private func read(
        _ index: Int, of level: Level, _ directory: Int32, _ row: FigureRow, now: Instant,
        _ unread: inout LimitResources
    ) {
        let file = Self.files[index]
        switch reader.read(&level.files[index], file.file.name, in: directory, now: now.nanoseconds) {
        case .bytes(let bytes):
            var devices: [IOStat.Device] = []
            let bad = file.file.parse(bytes, row, &devices)
            badLines &+= bad
            if bad > 0 { unread.formUnion(file.resource) }
        // The controller is off, or it is the root of the machine: no limit.
        case .missing: return
        case .gone, .failed: unread.formUnion(file.resource)
        }
    }

    private func release(_ level: Level) {
        for i in level.files.indices { reader.release(&level.files[i].descriptor) }
        level.files.removeAll()
    }
}
