// SPDX-License-Identifier: Apache-2.0

/// Circles among names that refer to each other.
enum DependencyCircles {
    /// One circle for each knot of the graph, from its smallest name on; a name that refers to itself is a
    /// circle of one. Without recursion: a chain of a thousand checks must not need a deep stack.
    static func find(in graph: [String: [String]]) -> [[String]] {
        var circles: [[String]] = []
        var finished: Set<String> = []
        for start in graph.keys.sorted() where !finished.contains(start) {
            var path: [(name: String, next: Int)] = [(start, 0)]
            var onPath: Set<String> = [start]
            while let (name, next) = path.last {
                let targets = graph[name] ?? []
                guard next < targets.count else {
                    finished.insert(name)
                    onPath.remove(name)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = targets[next]
                if onPath.contains(target) {
                    let circle = path.drop { $0.name != target }.map(\.name)
                    circles.append(rotated(circle))
                } else if !finished.contains(target), graph[target] != nil {
                    path.append((target, 0))
                    onPath.insert(target)
                }
            }
        }
        return circles
    }

    private static func rotated(_ circle: [String]) -> [String] {
        guard let smallest = circle.min(), let start = circle.firstIndex(of: smallest) else { return circle }
        return Array(circle[start...] + circle[..<start])
    }
}
