// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The cgroups that checks and questions name: the tree takes them in beyond its limits.
struct WantedCgroups {
    /// Where they are or may be, and everything above.
    private var paths: Set<CgroupPath> = []
    private let index: SelectionIndex
    private let own: String?

    static let none = WantedCgroups([], own: nil)

    /// Those of some selections, and vitald's own.
    init(_ selections: [Selection], own: String?) {
        index = SelectionIndex(selections)
        self.own = own
        for selection in selections {
            for pattern in selection.patterns where Selection.isLiteral(pattern) {
                if pattern.utf8.first == UInt8(ascii: "/") {
                    insert(CgroupPath(pattern))
                } else {
                    // In a glob a backslash stands before a plain byte, in a unit's name it is one.
                    let unit = selection.scope == .units ? Glob.plain(pattern) : pattern
                    for path in SystemdName.usualPaths(of: unit) { insert(path) }
                }
            }
        }
        if let own { insert(CgroupPath(own)) }
    }

    /// Whether anything is named at all.
    var isEmpty: Bool { paths.isEmpty && index.selections.isEmpty }

    /// What a comparison costs.
    var cost: Int { index.cost }

    /// Whether a path is one of them, or leads to one, or is what a selection picks as far as the path tells.
    func contains(_ path: CgroupPath) -> Bool {
        if paths.contains(path) { return true }
        guard let identity = CgroupIdentity.carried(by: path)?.identity ?? CgroupIdentity.slice(at: path)
        else { return false }
        return index.picks(identity, own: own)
    }

    private mutating func insert(_ path: CgroupPath) {
        for depth in path.components.indices {
            paths.insert(CgroupPath(components: Array(path.components[...depth])))
        }
    }
}
