// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The limits that hold for containers and units, whichever cgroup above them sets them.
extension KernelSampler {
    /// Finds what bounds everything that was read in this round, up to the root.
    /// False where something could not be read.
    func readLimits(_ now: Instant) -> Bool {
        ownContainer = nil
        guard let tree else { return false }
        let processors = host.mostProcessors
        levels.begin()
        for container in tracked where container.isWhole {
            container.bounds = levels.bounds(of: container, tree, now: now, processors: processors, measured)
        }
        if let root = tree.root {
            noteOwnContainer(levels.bounds(at: root, tree, now: now, processors: processors, measured))
        }
        levels.end()
        tallies.badLines(levels.badLines)
        for (fault, node) in levels.faults { faulty.note("\(fault.name) of \(node.path.text)", fault.fault) }
        return levels.faults.isEmpty
    }

    /// Reads CPU of the levels that have a quota, for a baseline.
    func readLevelPaces(_ now: Instant) {
        guard let tree else { return }
        levels.begin()
        for container in tracked {
            levels.readPace(
                above: container.node, tree, now: now, processors: host.mostProcessors, measured)
        }
    }

    /// Reads the memory of the container that vitald runs in, and nothing else of the tree.
    func readOwnContainer(_ now: Instant) {
        ownContainer = nil
        guard let tree, let root = tree.root, isInTree else { return }
        levels.begin()
        noteOwnContainer(
            levels.bounds(at: root, tree, now: now, processors: host.mostProcessors) { _ in nil })
    }

    /// The root of the machine has no limit. A root that has one is the root of a cgroup namespace: the container.
    private func noteOwnContainer(_ bounds: LimitBounds) {
        guard isInTree else { return }
        ownContainer = bounds.fill?.shown
    }

    /// Whether vitald itself runs below the root of the tree, and the tree is a whole mount.
    private var isInTree: Bool { ownPlace.path != nil && (mount?.isWhole ?? true) }

    private func measured(_ node: CgroupNode) -> TrackedContainer? {
        guard let known = byNode[ObjectIdentifier(node)], known.node === node else { return nil }
        return known
    }
}
