// SPDX-License-Identifier: Apache-2.0

/// One container's figures of one round: a row of numbers, in which what the kernel did not say is missing.
///
/// The row points into memory of the round; it must not outlive it.
struct FigureRow {
    /// Stands for "the kernel did not say"; no kernel file can hold it, as none has negative numbers.
    static let missing = Int64.min
    /// What `max` becomes: no limit.
    static let unlimited = Int64.max

    private let base: UnsafeMutablePointer<Int64>

    /// Takes memory of `FigureColumn.count` numbers.
    init(_ base: UnsafeMutablePointer<Int64>) { self.base = base }

    /// The figure of a column; nil when it is missing.
    @inline(__always)
    subscript(column: FigureColumn) -> Int64? {
        get {
            let value = base[column.rawValue]
            return value == Self.missing ? nil : value
        }
        nonmutating set { base[column.rawValue] = newValue ?? Self.missing }
    }

    /// The figure by the column's number, for the parsers' tables.
    @inline(__always)
    subscript(raw column: Int) -> Int64 {
        get { base[column] }
        nonmutating set { base[column] = newValue }
    }

    /// Makes all figures missing.
    func clear() { base.update(repeating: Self.missing, count: FigureColumn.count) }
}

/// What a row holds. Numbers stand in the kernel's own unit: µs, bytes, or a plain count.
enum FigureColumn: Int, CaseIterable {
    case cpuUsage, cpuUser, cpuSystem, periods, throttledPeriods, throttledTime, bursts, burstTime
    case cpuQuota, cpuPeriod, cpuWeight, cpuShares
    case memory, workingSet, anon, file, fileMapped, kernel, activeFile, inactiveFile, fileDirty,
        fileWriteback
    case pageFaults, majorPageFaults, pagesScanned, pagesStolen, refaultFile, refaultAnon
    case swap, memoryPeak, memoryLimit, memoryHigh, memoryLow, swapLimit
    case eventsLow, eventsHigh, eventsMax, eventsOOM, eventsOOMKill, eventsOOMGroupKill
    case cpuWaiting, cpuStalled, memoryWaiting, memoryStalled, ioWaiting, ioStalled
    /// Hundredths of a percent.
    case memoryWaitingAvg10
    case processes, threads, threadsMax, descriptors, sockets, openFilesMax
    case populated, frozen
    /// µs since the epoch.
    case started, created, seen

    static let count = allCases.count
}
