// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The host's own figures and those of vitald's process, from procfs.
final class HostSampler {
    private enum File: Int, CaseIterable {
        case stat, meminfo, loadavg, vmstat, cpuPressure, memoryPressure, ioPressure, network, selfStat

        var name: StaticString {
            switch self {
            case .stat: "stat"
            case .meminfo: "meminfo"
            case .loadavg: "loadavg"
            case .vmstat: "vmstat"
            case .cpuPressure: "pressure/cpu"
            case .memoryPressure: "pressure/memory"
            case .ioPressure: "pressure/io"
            case .network: "net/dev"
            case .selfStat: "self/stat"
            }
        }

        /// Whether the kernel shows it record by record; all others are one record (`single_open`).
        var isStreamed: Bool { self == .vmstat || self == .network }

        /// The longest record, where that is known.
        var record: Int? { self == .network ? KernelReader.longestInterface : nil }
    }

    let roots: KernelRoots
    let reader: KernelReader
    private(set) var processors = ProcStat()
    private(set) var memory = MemInfo()
    private(set) var load: LoadAverage?
    private(set) var oomKills: Int64?
    /// cpu, memory, io.
    private(set) var pressure: [Pressure?] = [nil, nil, nil]
    private(set) var interfaces: [NetDev.Interface] = []
    private(set) var process: OwnProcess?
    private(set) var filesystems: [FilesystemFigures] = []
    private(set) var identity: HostIdentity
    private(set) var figures = HostFigures()
    /// The most processors that were ever seen online; nil while none was.
    private(set) var mostProcessors: Int?
    /// Whether the kernel tells pressure at all.
    private(set) var hasPressure = false
    /// Start of the machine, seconds since the epoch. Kept from the first reading: the kernel computes it anew
    /// from the wall clock, and a container must not seem to have started a second later.
    private(set) var bootTime: Int64?
    /// Lines that were not understood since the last look.
    var badLines = 0
    private var files = [KernelReader.KeptFile](repeating: .init(), count: File.allCases.count)
    private var directory: Int32 = -1
    private var pace = CPUPace()
    private var times = SteadyTimes()

    init(_ roots: KernelRoots, _ reader: KernelReader) {
        self.roots = roots
        self.reader = reader
        identity = HostIdentity(roots, reader)
        readPace(now: .distantPast)
    }

    /// Looks whether the kernel tells pressure.
    func lookForPressure() {
        switch reader.read(path: roots.proc("pressure/memory")) {
        // One that fails is there, and not to be had now.
        case .bytes, .failed: hasPressure = true
        case .missing, .gone: hasPressure = false
        }
    }

    /// Gives back the descriptors.
    func close() {
        for i in files.indices { reader.release(&files[i].descriptor) }
        reader.release(&directory)
    }

    /// The network namespace that is the host's: that of process 1, or of vitald where that cannot be seen.
    func namespace() -> UInt64? {
        var status = stat()
        for process in ["1", "self"] where stat(roots.proc(process + "/net/dev"), &status) == 0 {
            return UInt64(status.st_ino)
        }
        return nil
    }

    /// Reads CPU alone.
    func readPace(now: Instant) {
        guard case .bytes(let bytes) = contents(.stat, now: now) else {
            // What was read before is not what is so now.
            processors = ProcStat()
            figures.cpuPercent = nil
            return
        }
        processors = ProcStat(parsing: bytes)
        badLines &+= processors.badLines
        times.steady(&processors.cpus)
        bootTime = bootTime ?? processors.bootTime
        figures.cores = processors.online == 0 ? nil : processors.online
        if let cores = figures.cores { mostProcessors = max(mostProcessors ?? 0, cores) }
        guard now != .distantPast else { return }
        let busy = processors.busy
        // Ticks of 10 ms as µs, so that the pace of the host is counted like that of a container.
        pace.note(
            at: now, usage: processors.cpus.isEmpty ? nil : busy.busy &* 10_000, periods: nil, throttled: nil,
            processors: mostProcessors)
        figures.cpuPercent = pace.cores.flatMap { cores in
            figures.cores.map { min(100, cores / Double($0) * 100) }
        }
    }

    /// Reads what is asked of the host; false where a file that every kernel has could not be read.
    @discardableResult
    func readFigures(now: Instant) -> Bool {
        readPace(now: now)
        var success = !processors.cpus.isEmpty
        figures.unreadable = []
        switch contents(.meminfo, now: now) {
        case .bytes(let bytes): memory = MemInfo(parsing: bytes)
        case .failed(let code):
            memory = MemInfo()
            success = false
            let fault = KernelFault(code: code)
            figures.unreadable.append(UnreadableFile("meminfo", fault.cause, fault.text))
        case .missing, .gone:
            memory = MemInfo()
            success = false
        }
        figures.memoryTotalBytes = memory.total
        figures.memoryAvailableBytes = memory.available
        readPressure(of: .memoryPressure, into: 1, now: now)
        figures.memoryPressure = pressure[1]?.someAvg10.map { Double($0) / 100 }
        figures.hasPressure = hasPressure
        return success
    }

    private func readPressure(of file: File, into index: Int, now: Instant) {
        pressure[index] = nil
        let found = contents(file, now: now)
        if case .memoryPressure = file {
            switch found {
            case .bytes: hasPressure = true
            case .missing, .gone: hasPressure = false
            case .failed(let code):
                hasPressure = true
                let fault = KernelFault(code: code)
                figures.unreadable.append(UnreadableFile("pressure/memory", fault.cause, fault.text))
            }
        }
        guard case .bytes(let bytes) = found else { return }
        let read = Pressure(parsing: bytes)
        pressure[index] = read
        badLines &+= read.badLines
    }

    /// Reads everything; false where a file that every kernel has could not be read.
    func read(now: Instant, options: KernelOptions) -> Bool {
        let success = readFigures(now: now)
        readPressure(of: .cpuPressure, into: 0, now: now)
        readPressure(of: .ioPressure, into: 2, now: now)
        guard options.host else { return success }
        load = nil
        if case .bytes(let bytes) = contents(.loadavg, now: now) { load = LoadAverage(parsing: bytes) }
        oomKills = nil
        if case .bytes(let bytes) = contents(.vmstat, now: now) { oomKills = VMStat.oomKills(bytes) }
        interfaces.removeAll(keepingCapacity: true)
        if case .bytes(let bytes) = contents(.network, now: now, streamed: true) {
            badLines &+= NetDev.parse(bytes, into: &interfaces) { _, _ in true }
        }
        return success
    }

    /// Reads vitald's own process.
    func readProcess() -> Bool {
        guard case .bytes(let bytes) = contents(.selfStat, now: .distantPast),
            let stat = ProcessStat(parsing: bytes)
        else {
            process = nil
            return false
        }
        process = OwnProcess(stat: stat, roots: roots, reader: reader)
        return true
    }

    /// Measures the file systems of some paths; false where one could not be.
    func readFilesystems(_ paths: [String]) -> Bool {
        filesystems.removeAll(keepingCapacity: true)
        guard case .bytes(let bytes) = reader.read(path: roots.proc("self/mountinfo")) else { return false }
        let mounts = MountTable(parsing: bytes)
        var success = true
        for path in paths {
            guard let mount = mounts.mount(of: path) else { continue }
            if filesystems.contains(where: { $0.mount.point == mount.point }) { continue }
            // Only what cannot hang: a thread stuck in statvfs would make the daemon unkillable.
            guard mount.isLocal else { continue }
            guard let figures = FilesystemFigures(mount) else {
                success = false
                continue
            }
            // A ramfs has no size.
            if figures.size > 0 { filesystems.append(figures) }
        }
        return success
    }

    private func contents(_ file: File, now: Instant, streamed: Bool = true) -> KernelReader.Contents {
        if reader.mustRelease(directory) { reader.release(&directory) }
        if directory < 0 {
            let opened = roots.proc.withCString { reader.open($0, in: AT_FDCWD, O_DIRECTORY) }
            guard opened >= 0 else { return opened == -ENOENT ? .missing : .failed(-opened) }
            guard reader.mayKeep(opened) else {
                Glibc.close(opened)
                return reader.read(path: roots.proc + "/\(file.name)")
            }
            directory = opened
        }
        return reader.read(
            &files[file.rawValue], file.name, in: directory, streamed: streamed && file.isStreamed,
            record: file.record, now: now.nanoseconds)
    }
}
