// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Reading the containers' files.
extension KernelSampler {
    func readContainers(_ now: Instant) -> Bool {
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
            var faulty = FaultyFiles()
            success = tree.unreadable == 0
            matrix.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress else { return }
                for (index, container) in tracked.enumerated() {
                    let row = FigureRow(base + index * FigureColumn.count)
                    container.isUnreadable = false
                    switch container.read(tree, reader, into: row, now: now.nanoseconds, bad: &bad) {
                    case .whole:
                        // The next pass tells whether it is ending, or goes on without.
                        if container.hasLostPayload { vanished = true }
                        complete(container, row, now)
                        if !container.faults.isEmpty { faulty.note(container) }
                    case .gone:
                        container.isWhole = false
                        tree.remove(container.node)
                        vanished = true
                        // It came back in the meantime, and nobody will look at it in this reading.
                        if pass == Self.passLimit - 1, tree.isReplaced(container.node) {
                            container.noteReplaced()
                            success = false
                        }
                    case .unreadable:
                        container.isWhole = false
                        container.isUnreadable = true
                        success = false
                    }
                }
            }
            self.faulty = faulty
            if faulty.count > 0 { success = false }
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
            at: now, usage: row[.cpuUsage], periods: row[.periods], throttled: row[.throttledPeriods],
            processors: host.mostProcessors)
    }
}

/// The files of containers that could not be read in one reading.
struct FaultyFiles: Equatable {
    /// How many.
    private(set) var count = 0
    /// The first of them, as people name it.
    private(set) var first = ""
    /// Why the first could not be read.
    private(set) var fault: KernelFault?

    /// Takes note of a file of a cgroup above containers.
    mutating func note(_ name: String, _ fault: KernelFault) {
        if count == 0 {
            first = name
            self.fault = fault
        }
        count += 1
    }

    mutating func note(_ container: TrackedContainer) {
        if count == 0, let file = container.faults.first {
            first = "\(file.name) of \(container.identity.id)"
            fault = file.fault
        }
        count += container.faults.count
    }
}
