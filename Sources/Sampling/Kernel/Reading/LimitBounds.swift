// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What bounds a cgroup: the smallest limits and the least room of all levels from the root down to it.
///
/// It is built from the root downward, so that levels which many containers share are counted once.
struct LimitBounds {
    /// An amount and the cgroup whose it is.
    struct Mark {
        var amount: Int64
        var node: CgroupNode
    }

    /// A memory limit, and which file sets it.
    struct Ceiling {
        var limit: Int64
        var isHigh: Bool
        var node: CgroupNode
    }

    /// How full a memory limit is.
    struct Fill {
        var ceiling: Ceiling
        var used: Int64

        var percent: Double { EffectiveLimits.MemoryFill.percent(used, of: ceiling.limit) }
    }

    /// A CPU quota in cores, and its share that counts.
    struct Share {
        var cores: Double
        var percent: Double
        var node: CgroupNode
    }

    private(set) var memory: Ceiling?
    private(set) var fill: Fill?
    private(set) var memoryRoom: Mark?
    private(set) var swap: Mark?
    private(set) var swapRoom: Mark?
    private(set) var pids: Mark?
    private(set) var pidsRoom: Mark?
    /// The smallest quota; its share is not told.
    private(set) var quota: Share?
    /// The quota that was used most.
    private(set) var busiest: Share?
    /// The quota that throttled most.
    private(set) var throttled: Share?
    /// What could not be read at some level.
    private(set) var unread: LimitResources = []
    private(set) var faults: [(fault: LevelFault, node: CgroupNode)] = []
    /// The smallest limit of those levels that do not say how much memory they use.
    private var unmeasured: Ceiling?

    /// Takes one level more, the next one below. Of equal limits the innermost is named.
    mutating func tighten(by level: LevelFigures, at node: CgroupNode) {
        for fault in level.faults {
            unread.formUnion(fault.resources)
            faults.append((fault, node))
        }
        if let limit = level.memoryHigh {
            tighten(Ceiling(limit: limit, isHigh: true, node: node), used: level.workingSet)
        }
        if let limit = level.memoryMax {
            tighten(Ceiling(limit: limit, isHigh: false, node: node), used: level.workingSet)
        }
        Self.lower(&swap, &swapRoom, level.swapMax, used: level.swap, node)
        Self.lower(&pids, &pidsRoom, level.pidsMax, used: level.pids, node)
        guard let cores = level.quota else { return }
        if cores <= quota?.cores ?? .infinity { quota = Share(cores: cores, percent: 0, node: node) }
        if let used = level.cores {
            let percent = used / cores * 100
            if percent >= busiest?.percent ?? 0 {
                busiest = Share(cores: cores, percent: percent, node: node)
            }
        }
        if let percent = level.throttledPercent, percent >= throttled?.percent ?? 0 {
            throttled = Share(cores: cores, percent: percent, node: node)
        }
    }

    /// Where a level does not tell its use, takes the container's own for it: it is a part of that, so it cannot be
    /// more.
    mutating func settle(workingSet: Int64?, cores: Double?) {
        if let unmeasured, let workingSet { measure(Fill(ceiling: unmeasured, used: workingSet)) }
        if let quota, let cores {
            let percent = cores / quota.cores * 100
            if percent > busiest?.percent ?? -1 {
                busiest = Share(cores: quota.cores, percent: percent, node: quota.node)
            }
        }
    }

    /// The least room for memory, at a level or on the host; nil node for the latter. Nil where a level could not be
    /// read, or nothing bounds.
    func available(onHost host: Int64?) -> (amount: Int64, node: CgroupNode?)? {
        guard unread.isDisjoint(with: [.memory, .memoryUse]) else { return nil }
        guard let room = memoryRoom else { return host.map { ($0, nil) } }
        if let host, host < room.amount { return (host, nil) }
        return (room.amount, room.node)
    }

    private mutating func tighten(_ ceiling: Ceiling, used: Int64?) {
        if ceiling.limit <= memory?.limit ?? .max { memory = ceiling }
        guard let used else {
            if ceiling.limit <= unmeasured?.limit ?? .max { unmeasured = ceiling }
            return
        }
        measure(Fill(ceiling: ceiling, used: used))
    }

    private mutating func measure(_ candidate: Fill) {
        if candidate.percent >= fill?.percent ?? 0 { fill = candidate }
        let room = max(0, candidate.ceiling.limit &- candidate.used)
        if room <= memoryRoom?.amount ?? .max {
            memoryRoom = Mark(amount: room, node: candidate.ceiling.node)
        }
    }

    private static func lower(
        _ smallest: inout Mark?, _ least: inout Mark?, _ limit: Int64?, used: Int64?, _ node: CgroupNode
    ) {
        guard let limit else { return }
        if limit <= smallest?.amount ?? .max { smallest = Mark(amount: limit, node: node) }
        guard let used else { return }
        let room = max(0, limit &- used)
        if room <= least?.amount ?? .max { least = Mark(amount: room, node: node) }
    }
}

extension LimitBounds {
    /// What the socket and the checks get of it. `workingSet` is that of the container itself, at `node`.
    func limits(of node: CgroupNode, workingSet: Int64?, host: HostFigures) -> EffectiveLimits {
        var limits = EffectiveLimits()
        for (fault, place) in faults {
            let file = fault.file(at: place, for: node)
            for resource in EffectiveLimits.Resource.allCases
            where !fault.resources.isDisjoint(with: resource.bits) {
                limits.unread.append(EffectiveLimits.Unread(resource, file))
            }
        }
        if let memory, !unread.contains(.memory) {
            limits.memory = EffectiveLimits.At(memory.limit, memory.node.path.text)
            limits.memoryFile = memory.isHigh ? .high : .max
        }
        // A limit above what the machine has bites later than the machine.
        let ofHost = workingSet.flatMap { host.percentOfMemory($0) } ?? 0
        if let fill, fill.percent >= ofHost { limits.memoryFill = fill.shown }
        limits.memoryAvailable = available(onHost: host.memoryAvailableBytes).map {
            EffectiveLimits.At($0.amount, $0.node?.path.text ?? EffectiveLimits.host)
        }
        if !unread.contains(.swap) {
            limits.swap = swap?.shown
            if !unread.contains(.swapUse) { limits.swapAvailable = swapRoom?.shown }
        }
        if !unread.contains(.pids) {
            limits.pids = pids?.shown
            if !unread.contains(.pidsUse) { limits.pidsAvailable = pidsRoom?.shown }
        }
        if let quota, !unread.contains(.cpu) {
            limits.cores = EffectiveLimits.At(quota.cores, quota.node.path.text)
        }
        if let busiest {
            limits.cpuFill = EffectiveLimits.CPUFill(
                level: busiest.node.path.text, cores: busiest.cores, percent: busiest.percent)
        }
        limits.throttledLevel = throttled?.node.path.text
        return limits
    }
}

extension LimitBounds.Fill {
    /// For the socket and the checks.
    var shown: EffectiveLimits.MemoryFill {
        EffectiveLimits.MemoryFill(
            level: ceiling.node.path.text, file: ceiling.isHigh ? .high : .max,
            limit: ByteCount(ceiling.limit), used: ByteCount(used))
    }
}

extension LimitBounds.Mark {
    fileprivate var shown: EffectiveLimits.At<Int64> { EffectiveLimits.At(amount, node.path.text) }
}

extension EffectiveLimits.Resource {
    fileprivate var bits: LimitResources {
        switch self {
        case .memory: [.memory, .memoryUse]
        case .swap: [.swap, .swapUse]
        case .cpu: [.cpu, .cpuUse]
        case .pids: [.pids, .pidsUse]
        }
    }
}

extension LevelFault {
    /// The file as people name it: that of the container itself by its name alone.
    fileprivate func file(at place: CgroupNode, for node: CgroupNode) -> UnreadableFile {
        let isCgroup = "\(name)" == "."
        let directory =
            place === node ? "" : place.parent === node ? TrackedContainer.payloadDirectory : place.path.text
        let text =
            directory.isEmpty
            ? "\(name)" : isCgroup ? directory : directory == "/" ? "/\(name)" : "\(directory)/\(name)"
        return UnreadableFile(text, fault.cause, fault.text)
    }
}

extension HostFigures {
    /// Bytes in percent of the host's memory; nil where that is not known.
    func percentOfMemory(_ bytes: Int64) -> Double? {
        guard let total = memoryTotalBytes, total > 0 else { return nil }
        return Double(bytes) / Double(total) * 100
    }
}
