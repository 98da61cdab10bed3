// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Finds the route of a path.
struct Router: Sendable {
    /// What a request leads to.
    enum Match {
        /// This route, by index.
        case route(Int)
        /// The path exists, the method does not; holds the value of `Allow`.
        case wrongMethod(Int, allow: String)
        /// No such path.
        case nowhere
    }

    /// The routes.
    let routes: [any Route]
    private let index: [String: Int]

    init(_ routes: [any Route]) {
        self.routes = routes
        var index: [String: Int] = [:]
        for (number, route) in routes.enumerated() {
            for path in route.paths where index[path] == nil { index[path] = number }
        }
        self.index = index
    }

    /// Finds the route.
    func match(_ path: String, _ method: HTTPMethod) -> Match {
        guard let number = index[path] else { return .nowhere }
        let methods = routes[number].methods
        if methods.contains(method) { return .route(number) }
        let allowed = methods.flatMap { $0 == .GET ? ["GET", "HEAD"] : [$0.rawValue] }
        return .wrongMethod(number, allow: allowed.joined(separator: ", "))
    }
}
