// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// `/livez`: 200 as long as the process answers; no dependency can change that, or a restart would cascade.
struct LivezRoute: Route {
    /// The header with the number of the daemon's tick, for its watchdog.
    static let generationHeader = "X-Vitald-Generation"

    let paths = ["/livez"]
    let title = "whether vitald itself is alive"

    func answer(_ request: HTTPRequest, _ view: PublicView) -> RouteReply {
        let answer = HTTPAnswer(.ok, text: "ok\n")
        return .now(answer.with(Self.generationHeader, String(view.generation.value)))
    }
}
