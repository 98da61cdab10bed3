// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The figures that are read only where the configuration asks for them.
extension KernelSampler {
    /// Reads those that are asked for, of everything that is on the page.
    func readDetails(_ now: Instant) {
        denied = []
        if options.details.contains(.fileDescriptors) || options.details.contains(.sockets) {
            collect("descriptors") { readDescriptors(now) }
        }
        if options.details.contains(.filesystem), let files = roots.files {
            collect("rootfs") { readRoots(files) }
        }
    }

    /// Counts the open files of every container and unit; not of the root, which is the whole machine.
    private func readDescriptors(_ now: Instant) -> Bool {
        guard let tree else { return false }
        var census = DescriptorCensus(
            roots, tree, reader, options.details, hidesProcesses: mount?.hidesProcesses ?? false,
            now: now.nanoseconds)
        defer { census.close() }
        var isWhole = true
        matrix.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            for (index, container) in tracked.enumerated() where container.isWhole && isShown(container) {
                let row = FigureRow(base + index * FigureColumn.count)
                let count = census.count(container.node)
                if options.details.contains(.fileDescriptors) {
                    row[.descriptors] = count.files
                    if count.files == nil { isWhole = false }
                }
                if options.details.contains(.sockets) {
                    row[.sockets] = count.sockets
                    if count.sockets == nil { isWhole = false }
                }
            }
        }
        denied.formUnion(census.denied)
        tallies.uncounted(census.limited - uncounted)
        uncounted = census.limited
        return isWhole
    }

    /// Measures the roots of containers; a unit's is the machine's own, of which there are checks.
    private func readRoots(_ files: String) -> Bool {
        guard case .bytes(let bytes) = reader.read(path: roots.proc("self/mountinfo")) else { return false }
        var root = RootFilesystem(own: MountTable(parsing: bytes), files: files)
        for container in tracked where container.isWhole && isShown(container) {
            guard container.match?.isContainer ?? false else { continue }
            container.filesystem = root.figures(of: container.process, reader, proc: roots.proc)
        }
        if root.denied > 0 { denied.insert(.filesystem) }
        return true
    }

    private func isShown(_ container: TrackedContainer) -> Bool {
        guard case .exported = container.purpose else { return false }
        return !container.node.isRoot
    }
}
