// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// Everything that is known of the kernel at the moment; lives on the sampler's thread alone.
final class KernelSampler {
    /// How much is read.
    enum Depth {
        /// CPU alone, so that the next full reading has something to compare with.
        case baseline
        /// What is asked of the host: CPU, memory and its pressure.
        case host
        /// Everything.
        case full
    }

    /// A cgroup that a check or question named is read along for this long after the last time.
    static let askedFor = Duration.seconds(600)
    /// A container that vanishes during a reading leads to another scan, but not for ever.
    static let passLimit = 3
    /// A name that the host's files do not tell yet is asked for again after 2, 4, 8, 16 and 32 s.
    static let nameTries = 6

    let roots: KernelRoots
    private(set) var options: KernelOptions
    let time: any TimeSource
    let reader: KernelReader
    let host: HostSampler
    let devices: BlockDevices
    let names: ContainerNames
    let levels: LimitLevels
    let tallies: KernelTallies
    private(set) var tree: CgroupTree?
    private(set) var mount: CgroupMount?
    private var mountLooked = Instant.distantPast
    /// Sorted by path.
    private(set) var tracked: [TrackedContainer] = []
    var byNode: [ObjectIdentifier: TrackedContainer] = [:]
    /// Patterns that name something outright, and when they were last asked for.
    var asked: [String: Instant] = [:]
    var generation: UInt64?
    var matrix: [Int64] = []
    private var scratch = [Int64](repeating: FigureRow.missing, count: FigureColumn.count)
    var lastFull = Instant.distantPast
    private var lastHost = Instant.distantPast
    /// Where vitald itself is in the tree.
    var own = OwnCgroup.unknown
    var ownPath: String?
    /// The memory of the container that vitald runs in, where that has a limit.
    var ownContainer: EffectiveLimits.MemoryFill?
    private(set) var refused = 0
    var collectors: [CollectorRun] = []
    var sheet = Sheet()
    var sheetIsCurrent = false
    var labels = LabelCache()
    var slabMark = 0
    /// Whether pods have been seen here; once true it stays, so that labels do not change to and fro.
    private(set) var isKubernetes = false
    /// Whether the sheet's texts say so.
    var kubernetesShown = false
    /// When the next name is to be asked for again.
    private var namesDue: Instant?
    private(set) var missing: [KernelGap] = []
    /// Figures that were wanted in the last reading and that processes of others did not give.
    var denied: Set<KernelOptions.Detail> = []
    private var missingTold = Instant.distantPast
    private var toldOf: MissingKey?
    /// What a machine offers changes seldom, its containers' number often.
    private static let missingAgain = Duration.seconds(10)

    /// What the gaps depend on that can change at once.
    private struct MissingKey: Equatable {
        var refused: Int
        var overflow: Int
        var hasRoot: Bool
        var denied: Set<KernelOptions.Detail>
        var own: OwnCgroup
    }

    private var missingKey: MissingKey {
        MissingKey(
            refused: refused, overflow: tree?.overflow ?? 0, hasRoot: tree?.root != nil,
            denied: denied, own: own)
    }

    init(roots: KernelRoots, options: KernelOptions, time: any TimeSource, tallies: TallyBook) {
        self.roots = roots
        self.options = options
        self.time = time
        self.tallies = KernelTallies(tallies)
        reader = KernelReader(budget: options.descriptorBudget ?? KernelReader.descriptorBudget())
        host = HostSampler(roots, reader)
        devices = BlockDevices(roots)
        names = ContainerNames(roots, reader, time)
        levels = LimitLevels(reader)
    }

    deinit {
        for container in tracked { container.close(reader) }
        levels.close()
        host.close()
    }

    /// The host's figures of the last reading.
    var hostFigures: HostFigures {
        var figures = host.figures
        figures.container = ownContainer
        return figures
    }

    /// How one collector fared in the last round.
    struct CollectorRun {
        var name: String
        var success: Bool
        var duration: Duration
    }

    /// Replaces the options; whatever is still shown keeps its descriptors and baselines.
    func replace(_ options: KernelOptions) {
        self.options = options
        denied = []
        generation = nil
        lastFull = .distantPast
    }

    /// Reads the kernel where the figures are older than a second.
    func refresh(_ depth: Depth) {
        let now = time.now
        if now - lastFull < KernelLane.freshness, now >= lastFull { return }
        switch depth {
        case .baseline:
            locate(now)
            scan(now)
            scratch.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress else { return }
                guard let tree else { return }
                for container in tracked { container.readPace(tree, reader, FigureRow(base), now: now) }
            }
            readLevelPaces(now)
            host.readPace(now: now)
        case .host:
            if now - lastHost < KernelLane.freshness, now >= lastHost { return }
            lastHost = now
            host.readFigures(now: now)
            readOwnContainer(now)
            return
        case .full:
            collectors.removeAll(keepingCapacity: true)
            sheetIsCurrent = false
            lastFull = now
            lastHost = now
            collect("containers") {
                locate(now)
                let success = readContainers(now)
                readLimits(now)
                return success
            }
            collect("network") { readNetwork() }
            if !options.details.isEmpty { readDetails(now) }
            collect("host") { host.read(now: now, options: options) }
            collect("process") { host.readProcess() }
            if !options.filesystems.isEmpty, roots.files != nil {
                collect("filesystem") { host.readFilesystems(options.filesystems) }
            }
            tallies.badLines(host.badLines)
            host.badLines = 0
        }
        if now - missingTold >= Self.missingAgain || now < missingTold || toldOf != missingKey {
            missingTold = now
            toldOf = missingKey
            missing = gaps()
        }
        if depth == .full { tallies.refused(refused) }
    }

    func collect(_ name: String, _ body: () -> Bool) {
        let start = time.now
        let success = body()
        collectors.append(CollectorRun(name: name, success: success, duration: time.now - start))
    }

    /// Finds the cgroup2 mount, and again every ten seconds while there is none.
    private func locate(_ now: Instant) {
        guard now - mountLooked >= .seconds(10) || mountLooked > now else { return }
        guard tree?.root == nil || mount == nil else { return }
        mountLooked = now
        guard case .bytes(let bytes) = reader.read(path: roots.proc("self/mountinfo")) else {
            if let cgroup = roots.cgroup, tree == nil { tree = CgroupTree(cgroup, reader) }
            return
        }
        let mounts = MountTable(parsing: bytes)
        var status: ProcessStatus?
        if case .bytes(let bytes) = reader.read(path: roots.proc("self/status")) {
            status = ProcessStatus(parsing: bytes)
        }
        let found = CgroupMount(mounts, roots, status: status, isLive: roots.isLive)
        mount = found
        if let directory = found.directory, tree == nil { tree = CgroupTree(directory, reader) }
    }

    /// Brings the tree and the list of containers up to date.
    private func scan(_ now: Instant) {
        guard let tree else { return }
        tree.scan(now: now.nanoseconds)
        readOwnPath()
        let before = asked.count
        if before > 0 { asked = asked.filter { now - $0.value < Self.askedFor } }
        if asked.count != before { generation = nil }
        if let namesDue, now >= namesDue { generation = nil }
        guard tree.generation != generation else { return }
        generation = tree.generation
        listContainers(tree, now)
    }

    private func listContainers(_ tree: CgroupTree, _ now: Instant) {
        namesDue = nil
        var found: [TrackedContainer] = []
        var ids: Set<String> = []
        var shown = 0
        refused = 0
        if let root = tree.root { collect(root, now, into: &found, &ids, &shown) }
        let kept = Set(found.map { ObjectIdentifier($0.node) })
        for container in tracked where !kept.contains(ObjectIdentifier(container.node)) {
            container.close(reader)
            byNode[ObjectIdentifier(container.node)] = nil
        }
        found.sort { $0.identity.id.utf8.lexicographicallyPrecedes($1.identity.id.utf8) }
        tracked = found
    }

    private func collect(
        _ node: CgroupNode, _ now: Instant, into found: inout [TrackedContainer], _ ids: inout Set<String>,
        _ shown: inout Int
    ) {
        let text = node.path.text
        if node.match != nil || node.isRoot || text == ownPath {
            let identity = identity(node, text, now)
            let isShown = options.shows(identity, isContainer: node.match?.isContainer ?? false, own: ownPath)
            let isAsked = text == ownPath || node.isRoot || isNamed(identity)
            // A carriage return is written as a blank, so two such paths could become one series.
            let key = String(text.map { $0 == "\r" || $0 == "\r\n" ? " " : $0 })
            if isShown || isAsked, ids.insert(key).inserted {
                if isShown ? shown >= options.containerLimit : found.count - shown > options.containerLimit {
                    refused += 1
                } else {
                    if isShown { shown += 1 }
                    found.append(container(node, identity, isShown ? .exported : .asked))
                }
            }
        }
        for child in node.children { collect(child, now, into: &found, &ids, &shown) }
    }

    /// Who a node is, with the name that the host's files tell; looked up once in a cgroup's life, and a few times
    /// more where that was too early.
    private func identity(_ node: CgroupNode, _ path: String, _ now: Instant) -> ContainerIdentity {
        if let known = node.identity, node.namesDue.map({ now < $0 }) ?? true {
            note(due: node.namesDue)
            return known
        }
        var identity = node.match?.identity ?? ContainerIdentity(id: path)
        if !identity.pod.isEmpty { isKubernetes = true }
        node.namesDue = nil
        if let match = node.match, match.isContainer, !names.complete(&identity, hex: match.hex) {
            node.nameTries += 1
            if node.nameTries < Self.nameTries { node.namesDue = now + .seconds(1 << node.nameTries) }
        }
        note(due: node.namesDue)
        node.identity = identity
        return identity
    }

    private func note(due: Instant?) {
        if let due { namesDue = min(namesDue ?? due, due) }
    }

    /// Whether a check or question names it outright.
    private func isNamed(_ identity: ContainerIdentity) -> Bool {
        asked.keys.contains { KernelOptions.picks(Selection([$0]), identity, own: ownPath) }
    }

    private func container(
        _ node: CgroupNode, _ identity: ContainerIdentity, _ purpose: TrackedContainer.Purpose
    ) -> TrackedContainer {
        if let known = byNode[ObjectIdentifier(node)], known.node === node {
            known.purpose = purpose
            if known.identity != identity {
                known.identity = identity
                known.labels.removeAll()
            }
            return known
        }
        let made = TrackedContainer(node, identity: identity, purpose: purpose)
        byNode[ObjectIdentifier(node)] = made
        return made
    }

    private func readContainers(_ now: Instant) -> Bool {
        guard let tree else { return false }
        var success = true
        var bad = 0
        for pass in 0..<Self.passLimit {
            scan(now)
            let size = tracked.count * FigureColumn.count
            if matrix.count < size {
                matrix = [Int64](repeating: FigureRow.missing, count: size + size / 2)
            }
            var vanished = false
            success = tree.unreadable == 0
            matrix.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress else { return }
                for (index, container) in tracked.enumerated() {
                    let row = FigureRow(base + index * FigureColumn.count)
                    switch container.read(tree, reader, into: row, now: now.nanoseconds, bad: &bad) {
                    case .whole: complete(container, row, now)
                    case .gone:
                        container.isWhole = false
                        tree.remove(container.node)
                        vanished = true
                    case .failed:
                        container.isWhole = false
                        success = false
                    }
                }
            }
            // What took the place of the vanished belongs to this very reading.
            if !vanished || pass == Self.passLimit - 1 { break }
        }
        tallies.badLines(bad)
        return success && tree.root != nil
    }

    private func complete(_ container: TrackedContainer, _ row: FigureRow, _ now: Instant) {
        container.isWhole = true
        container.interfaces.removeAll(keepingCapacity: true)
        container.filesystem = nil
        let isMachine = container.node.isRoot && row[.populated] == nil
        if isMachine {
            container.process.close(reader)
        } else if let tree {
            container.process.read(
                container.node, tree, reader, proc: roots.proc, row: row, now: now.nanoseconds)
            if let ticks = container.process.startTicks, let boot = host.bootTime {
                row[.started] =
                    boot &* 1_000_000 &+ ticks &* (1_000_000 / ProcessStat.ticksPerSecond)
            }
        }
        row[.seen] = time.wall.nanoseconds / 1000
        container.pace.note(
            at: now, usage: row[.cpuUsage], periods: row[.periods], throttled: row[.throttledPeriods])
    }
}
