// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Who depends on whom among the checks: finds root causes with it.
struct DependencyOrder: Sendable {
    /// For each check the checks it names, as indices; unknown names are left out.
    private let edges: [[Int]]
    /// Whether any check depends on another at all.
    let isEmpty: Bool

    /// The order of these checks.
    init(_ definitions: [CheckDefinition]) {
        let index = Self.indices(definitions)
        edges = definitions.map { $0.dependsOn.compactMap { index[$0] } }
        isEmpty = edges.allSatisfy(\.isEmpty)
    }

    /// The root causes: for each check the one it depends on, directly or not, that is down and has nothing
    /// down below itself. Nil where nothing below is down. The first named wins where there are several.
    func rootCauses(down: [Bool]) -> [Int?] {
        var roots = [Int?](repeating: nil, count: edges.count)
        guard !isEmpty, down.contains(true) else { return roots }
        var visited = [Bool](repeating: false, count: edges.count)
        // A loop cannot come from a checked configuration; `visited` keeps even that from running for ever.
        func visit(_ check: Int) {
            if visited[check] { return }
            visited[check] = true
            for below in edges[check] where roots[check] == nil && below != check {
                visit(below)
                roots[check] = roots[below] ?? (down[below] ? below : nil)
            }
        }
        for check in edges.indices { visit(check) }
        return roots
    }

    private static func indices(_ definitions: [CheckDefinition]) -> [String: Int] {
        Dictionary(definitions.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
