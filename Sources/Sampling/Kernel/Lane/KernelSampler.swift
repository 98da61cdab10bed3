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
    /// What checks name, looked up fast; another edition with every other configuration.
    private(set) var checkedIndex: SelectionIndex
    private(set) var checkedSelections: Set<Selection>
    var checkedEdition: UInt64 = 0
    let time: any TimeSource
    let reader: KernelReader
    let host: HostSampler
    let devices: BlockDevices
    let names: ContainerNames
    let levels: LimitLevels
    let tallies: KernelTallies
    private let cgroupLimit: Int
    private(set) var tree: CgroupTree?
    private(set) var mount: CgroupMount?
    /// Why mountinfo could not be read.
    private(set) var mountFault: KernelFault?
    private var mountLooked = Instant.distantPast
    /// Sorted by path.
    var tracked: [TrackedContainer] = []
    var byNode: [ObjectIdentifier: TrackedContainer] = [:]
    /// What is asked for beside the page and the checks, and when it last was.
    var asked: [Selection: Instant] = [:]
    var generation: UInt64?
    var matrix: [Int64] = []
    private var scratch = [Int64](repeating: FigureRow.missing, count: FigureColumn.count)
    var lastFull = Instant.distantPast
    private var lastHost = Instant.distantPast
    /// Where vitald itself is in the tree.
    var ownPlace = OwnCgroup.unknown
    var ownPath: String?
    /// Why `self/cgroup` could not be read.
    var ownFault: KernelFault?
    /// The memory of the container that vitald runs in, where that has a limit.
    var ownContainer: EffectiveLimits.MemoryFill?
    /// Why that limit, or what is used of it, is not known.
    var ownContainerFault: UnreadableFile?
    /// What is left out for the limit of containers now.
    var refused: [CgroupNode] = []
    /// What cannot be seen in the tree as it was last scanned.
    var blindness = Blindness()
    /// The files that could not be read in the last reading.
    var faulty = FaultyFiles()
    /// Series left out for their limit now, and of how many containers.
    var cutSeries = (series: 0, containers: 0)
    /// Processes whose open files were not counted for the limit in the last reading.
    var uncounted = 0
    /// What the root of the tree shows of the machine.
    var view = RootView()
    private var cuts: Cuts?
    /// What is missing now, for people and for the page.
    private(set) var unmeasured: [Unmeasured] = []
    private var cutKinds: [Cuts.Kind] = []
    var collectors: [CollectorRun] = []
    var sheet = Sheet()
    var sheetIsCurrent = false
    var labels = LabelCache()
    var slabMark = 0
    /// Whether pods have been seen here; once true it stays, so that labels do not change to and fro.
    var isKubernetes = false
    /// Whether the sheet's texts say so.
    var kubernetesShown = false
    /// When the next name is to be asked for again.
    var namesDue: Instant?
    private(set) var missing: [KernelGap] = []
    /// Figures that were wanted in the last reading and that processes of others did not give.
    var denied: Set<KernelOptions.Detail> = []
    private var missingTold = Instant.distantPast
    private var toldOf: MissingKey?
    /// What a machine offers changes seldom, its containers' number often.
    private static let missingAgain = Duration.seconds(10)

    /// What the gaps depend on that can change at once.
    private struct MissingKey: Equatable {
        var cuts: [Cuts.Kind]
        var hasRoot: Bool
        var denied: Set<KernelOptions.Detail>
        var ownPlace: OwnCgroup
    }

    private var missingKey: MissingKey {
        MissingKey(cuts: cutKinds, hasRoot: tree?.root != nil, denied: denied, ownPlace: ownPlace)
    }

    init(
        roots: KernelRoots, options: KernelOptions, time: any TimeSource, tallies: TallyBook,
        cgroupLimit: Int = CgroupTree.nodeLimit
    ) {
        self.cgroupLimit = cgroupLimit
        self.roots = roots
        self.options = options
        checkedIndex = SelectionIndex(options.checked)
        checkedSelections = Set(options.checked)
        self.time = time
        self.tallies = KernelTallies(tallies)
        reader = KernelReader(budget: options.descriptorBudget)
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
        figures.containerFault = ownContainerFault
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
        checkedIndex = SelectionIndex(options.checked)
        checkedSelections = Set(options.checked)
        checkedEdition &+= 1
        cuts = nil
        denied = []
        uncounted = 0
        generation = nil
        lastFull = .distantPast
    }

    /// Reads the kernel where the figures are older than a second.
    func refresh(_ depth: Depth) {
        let now = time.now
        if now - lastFull < KernelLane.freshness, now >= lastFull { return }
        reader.lookAtLimit()
        switch depth {
        case .baseline:
            locate(now)
            scan(now)
            host.readPace(now: now)
            scratch.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress, let tree else { return }
                for container in tracked {
                    container.readPace(
                        tree, reader, FigureRow(base), now: now, processors: host.mostProcessors)
                }
            }
            readLevelPaces(now)
        case .host:
            if now - lastHost < KernelLane.freshness, now >= lastHost { return }
            lastHost = now
            host.readFigures(now: now)
            scratch.withUnsafeMutableBufferPointer { memory in
                if let base = memory.baseAddress { readOwnContainer(FigureRow(base), now) }
            }
            return
        case .full:
            collectors.removeAll(keepingCapacity: true)
            sheetIsCurrent = false
            lastFull = now
            lastHost = now
            collect("containers") {
                locate(now)
                let success = readContainers(now)
                return readLimits(now) && success
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
        noteCuts()
        if now - missingTold >= Self.missingAgain || now < missingTold || toldOf != missingKey {
            missingTold = now
            toldOf = missingKey
            missing = gaps()
        }
    }

    /// Takes note of what is left out now; while it stays the same, nothing is written again.
    func noteCuts() {
        let now = Cuts(
            refused: refused.count, overflow: tree?.overflow ?? 0, unreadable: tree?.unreadable ?? 0,
            fault: tree?.unreadableFault, faulty: faulty, series: cutSeries.series,
            containers: cutSeries.containers, uncounted: uncounted)
        guard now != cuts else { return }
        cuts = now
        unmeasured = now.unmeasured(options)
        cutKinds = unmeasured.map { Cuts.Kind(subject: $0.subject, cause: $0.cause) }
        tallies.missing(unmeasured)
    }

    func collect(_ name: String, _ body: () -> Bool) {
        let start = time.now
        let success = body()
        collectors.append(CollectorRun(name: name, success: success, duration: time.now - start))
    }

    /// Finds the cgroup2 mount, and again every ten seconds while there is none.
    private func locate(_ now: Instant) {
        guard now - mountLooked >= .seconds(10) || mountLooked > now || mountFault != nil else { return }
        guard tree?.root == nil || mount == nil else { return }
        mountLooked = now
        let contents = reader.read(path: roots.proc("self/mountinfo"))
        mountFault = if case .failed(let code) = contents { KernelFault(code: code) } else { nil }
        guard case .bytes(let bytes) = contents else {
            if let cgroup = roots.cgroup, tree == nil {
                tree = CgroupTree(cgroup, reader, limit: cgroupLimit)
            }
            return
        }
        let mounts = MountTable(parsing: bytes)
        var status: ProcessStatus?
        if case .bytes(let bytes) = reader.read(path: roots.proc("self/status")) {
            status = ProcessStatus(parsing: bytes)
        }
        let found = CgroupMount(mounts, roots, status: status, isLive: roots.isLive)
        mount = found
        if let directory = found.directory, tree == nil {
            tree = CgroupTree(directory, reader, limit: cgroupLimit)
        }
    }
}
