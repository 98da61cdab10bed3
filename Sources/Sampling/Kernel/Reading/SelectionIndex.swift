// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What many selections pick together. Names that are written out, as most of a thousand checks are, are looked up at
/// once; the rest is gone through one by one.
struct SelectionIndex {
    private var literals: Set<String> = []
    /// The paths that are written out.
    private var paths: Set<String> = []
    private var others: [Selection] = []
    /// All of them.
    let selections: [Selection]

    init(_ selections: [Selection]) {
        self.selections = selections
        for selection in selections {
            if selection.patterns.allSatisfy(Self.isPlain) {
                literals.formUnion(selection.patterns)
            } else {
                others.append(selection)
                for pattern in selection.patterns
                where pattern.utf8.first == UInt8(ascii: "/") && Selection.isLiteral(pattern) {
                    paths.insert(pattern)
                }
            }
        }
    }

    /// What a look costs, compared with that at a single name.
    var cost: Int { 1 + others.count }

    /// Whether one of them picks this identity.
    func picks(_ identity: ContainerIdentity, own: String?) -> Bool {
        if !literals.isEmpty {
            if literals.contains(identity.name) || literals.contains(identity.unit) { return true }
            // A unit's directory may be called otherwise than the unit: escaped, or with `_` in front.
            if !identity.unit.isEmpty, let slash = identity.id.utf8.lastIndex(of: UInt8(ascii: "/")),
                literals.contains(String(identity.id[identity.id.index(after: slash)...]))
            {
                return true
            }
        }
        return others.contains { KernelOptions.picks($0, identity, own: own) }
    }

    /// Whether one of them names a path to the letter.
    func names(path: String) -> Bool { !paths.isEmpty && paths.contains(path) }

    private static func isPlain(_ pattern: String) -> Bool {
        Selection.isLiteral(pattern) && pattern != "self" && pattern != "host"
            && !pattern.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    }
}
