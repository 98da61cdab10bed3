// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What cannot be seen in the tree as it was last scanned. It takes a walk over the whole tree to tell, so it is found out
/// where somebody asks for it, and once for all checks of a reading.
struct Blindness {
    private var known: CgroupTree.Gaps?
    private var counts: [(runtime: String, count: Int)]?
    /// How often something large was walked over; to be seen by tests.
    var walks = 0

    /// Where containers and units may be for all that is known.
    mutating func gaps(_ tree: CgroupTree) -> CgroupTree.Gaps {
        if let known { return known }
        walks += 1
        let found = tree.gaps
        known = found
        return found
    }

    /// How many containers of each runtime have no name that could be read, sorted by runtime.
    mutating func nameless(_ root: CgroupNode) -> [(runtime: String, count: Int)] {
        if let counts { return counts }
        walks += 1
        var found: [String: Int] = [:]
        Self.count(root, into: &found)
        let sorted = found.sorted { $0.key < $1.key }.map { (runtime: $0.key, count: $0.value) }
        counts = sorted
        return sorted
    }

    private static func count(_ node: CgroupNode, into counts: inout [String: Int]) {
        if let match = node.match, match.isContainer {
            let identity = node.identity ?? match.identity
            if ContainerNames.isNameless(match, identity) { counts[identity.runtime, default: 0] += 1 }
            return
        }
        for child in node.children { count(child, into: &counts) }
    }
}
