// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// `/livez`: 200 as long as the process answers; no dependency can change that, or a restart would cascade.
struct LivezRoute: Route {
    /// The header with the number of the daemon's tick, for its watchdog.
    static let generationHeader = "X-Vitald-Generation"

    static let paths = ["/livez"]
    static let title = "whether vitald itself is alive"
    private let generation: TickGeneration

    init(_ sources: RouteSources) { generation = sources.generation }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let answer = HTTPAnswer(.ok, text: "ok\n")
        return .now(answer.with(Self.generationHeader, String(generation.value)))
    }
}
