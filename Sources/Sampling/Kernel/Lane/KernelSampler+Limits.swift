// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// The limits that hold for containers and units, whichever cgroup above them sets them.
extension KernelSampler {
    /// Finds what bounds everything that was read in this round, up to the root.
    /// False where something could not be read.
    func readLimits(_ now: Instant) -> Bool {
        forgetOwnContainer()
        guard let tree else {
            noteOwnAbsence()
            return false
        }
        let processors = host.mostProcessors
        levels.begin()
        for container in tracked where container.isWhole {
            container.bounds = levels.bounds(of: container, tree, now: now, processors: processors, measured)
        }
        if let root = tree.root {
            noteOwnContainer(
                levels.bounds(at: root, tree, now: now, processors: processors, measured), tree)
        } else {
            noteOwnAbsence()
        }
        levels.end()
        tallies.badLines(levels.badLines)
        for (fault, node) in levels.faults { faulty.note("\(fault.name) of \(node.path.text)", fault.fault) }
        return levels.faults.isEmpty
    }

    /// Reads CPU of the levels that have a quota, for a baseline. It meets every level that a full reading does, so what
    /// it does not meet is gone.
    func readLevelPaces(_ now: Instant) {
        guard let tree else { return }
        levels.begin()
        for container in tracked {
            levels.readPace(
                above: container.node, tree, now: now, processors: host.mostProcessors, measured)
        }
        levels.end()
    }

    /// Reads the memory of the container that vitald runs in, and nothing else of the tree.
    func readOwnContainer(_ row: FigureRow, _ now: Instant) {
        forgetOwnContainer()
        guard let tree, let root = tree.root else { return noteOwnAbsence() }
        guard mayBeInTree, let known = measured(root) else { return }
        var bounds = LimitBounds()
        bounds.tighten(by: known.readMemory(tree, reader, row, now: now.nanoseconds), at: root)
        noteOwnContainer(bounds, tree)
    }

    private func forgetOwnContainer() {
        ownContainer = nil
        ownContainerFault = nil
    }

    /// The root of the machine has no limit. A root that has one is the root of a cgroup namespace: the container.
    private func noteOwnContainer(_ bounds: LimitBounds, _ tree: CgroupTree) {
        guard mayBeInTree else { return }
        let isLimited = bounds.memory != nil
        if ownPlace.path == nil {
            // Nobody knows whose limit it is.
            guard let ownFault, isLimited || bounds.unread.contains(.memory), !tree.isMachine else { return }
            ownContainerFault = UnreadableFile(roots.proc("self/cgroup"), ownFault.cause, ownFault.text)
            return
        }
        ownContainer = bounds.fill?.shown
        let relevant: LimitResources = isLimited ? [.memory, .memoryUse] : .memory
        if let (fault, _) = bounds.faults.first(where: { !$0.fault.resources.isDisjoint(with: relevant) }) {
            if !tree.isMachine { noteOwnFault("\(fault.name)", fault.fault) }
        } else if isLimited, bounds.fill == nil {
            noteOwnFault("memory.current", KernelFault(code: ENOENT))
        }
    }

    private func noteOwnFault(_ file: String, _ fault: KernelFault) {
        ownContainerFault = UnreadableFile(
            (file == "." ? "the cgroup" : file) + " of the container that vitald runs in", fault.cause,
            fault.text)
    }

    /// Takes note that there is no tree to look at. One that does not exist has no limit.
    private func noteOwnAbsence() {
        if let tree {
            guard mayBeInTree, let fault = tree.rootFault, !fault.isAbsence else { return }
            ownContainerFault = UnreadableFile(
                "the cgroup tree at \(tree.path)", fault.cause, fault.text)
        } else if let mountFault {
            ownContainerFault = UnreadableFile(
                roots.proc("self/mountinfo"), mountFault.cause, mountFault.text)
        }
    }

    /// Whether vitald itself runs below the root of the tree, for all that is known, and the tree is a whole mount.
    private var mayBeInTree: Bool {
        (ownPlace.path != nil || (ownPlace == .unknown && ownFault != nil)) && (mount?.isWhole ?? true)
    }

    private func measured(_ node: CgroupNode) -> TrackedContainer? {
        guard let known = byNode[ObjectIdentifier(node)], known.node === node else { return nil }
        return known
    }
}
