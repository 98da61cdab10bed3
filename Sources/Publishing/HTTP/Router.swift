// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Finds the route of a path.
struct Router: Sendable {
    /// What a request leads to.
    enum Match {
        /// This route, by index, and the segments that stand for the names in its path, decoded.
        case route(Int, parameters: [(name: String, value: String)])
        /// The path exists, the method does not; holds the value of `Allow`.
        case wrongMethod(Int, allow: String)
        /// No such path.
        case nowhere
    }

    /// A path with names in it.
    private struct Pattern {
        let segments: [Substring]
        let route: Int

        /// The values of its names; nil where the path is another one.
        func values(in path: [Substring]) -> [(name: String, value: String)]? {
            guard path.count == segments.count else { return nil }
            var values: [(name: String, value: String)] = []
            for (given, wanted) in zip(path, segments) {
                if Router.isName(wanted) {
                    guard let value = PercentText.decoded(given), !value.isEmpty else { return nil }
                    values.append((String(wanted), value))
                } else if given != wanted {
                    return nil
                }
            }
            return values
        }
    }

    /// The routes.
    let routes: [any Route]
    private let methods: [[HTTPMethod]]
    private let bodies: [BodyRule]
    private let index: [String: Int]
    private let patterns: [Pattern]

    init(_ types: [any Route.Type], _ sources: RouteSources) {
        routes = types.map { $0.init(sources) }
        methods = types.map { $0.methods }
        bodies = types.map { $0.body }
        var index: [String: Int] = [:]
        var patterns: [Pattern] = []
        for (number, type) in types.enumerated() {
            for path in type.paths {
                let segments = Self.segments(path)
                if segments.contains(where: Self.isName) {
                    patterns.append(Pattern(segments: segments, route: number))
                } else if index[path] == nil {
                    index[path] = number
                }
            }
        }
        self.index = index
        self.patterns = patterns
    }

    /// Finds the route.
    func match(_ path: String, _ method: HTTPMethod) -> Match {
        if let number = index[path] { return match(number, method, []) }
        guard !patterns.isEmpty else { return .nowhere }
        let segments = Self.segments(path)
        for pattern in patterns {
            if let values = pattern.values(in: segments) { return match(pattern.route, method, values) }
        }
        return .nowhere
    }

    /// What a route takes beside the head.
    func body(of route: Int) -> BodyRule { bodies[route] }

    private func match(
        _ number: Int, _ method: HTTPMethod, _ parameters: [(name: String, value: String)]
    ) -> Match {
        if methods[number].contains(method) { return .route(number, parameters: parameters) }
        return .wrongMethod(number, allow: type(of: routes[number]).allow)
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// Whether a segment of a route's path is a name: `NAME`.
    private static func isName(_ segment: Substring) -> Bool {
        !segment.isEmpty && segment.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}
