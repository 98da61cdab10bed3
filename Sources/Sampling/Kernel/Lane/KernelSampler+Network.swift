// SPDX-License-Identifier: Apache-2.0

import Vitals

extension KernelSampler {
    /// Each network namespace is read once and given to its oldest container; the host's own to none.
    func readNetwork() -> Bool {
        let hostNamespace = host.namespace()
        var holders: [UInt64: Int] = [:]
        for (index, container) in tracked.enumerated() where container.isWhole {
            let namespace = container.process.namespace
            // Without the host's own to compare with, nobody's can be told from it.
            guard namespace != 0, let hostNamespace, namespace != hostNamespace || isInside(container) else {
                continue
            }
            if let other = holders[namespace],
                (tracked[other].process.startTicks ?? .max) <= (container.process.startTicks ?? .max)
            {
                continue
            }
            holders[namespace] = index
        }
        var bad = 0
        var success = true
        for index in holders.values.sorted() {
            let container = tracked[index]
            let read = container.process.interfaces(
                reader, proc: roots.proc, into: &container.interfaces, bad: &bad)
            if !read { success = false }
        }
        tallies.badLines(bad)
        return success
    }

    /// Whether this is vitald's own container seen from inside: the root of a cgroup namespace.
    private func isInside(_ container: TrackedContainer) -> Bool {
        container.node.isRoot
    }
}
