// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Vitals

/// `/startupz` and `/startup`: 503 until every check has completed a first attempt.
struct StartupzRoute: Route {
    static let paths = ["/startupz", "/startup"]
    static let title = "whether the first round of checks is complete"
    private let board: Board

    init(_ sources: RouteSources) { board = sources.board }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let report = board.report
        if report.started { return .now(HTTPAnswer(.ok, text: "ok\n")) }
        let waiting = report.checks.filter { $0.definition.enabled && $0.last == nil }
        let names = waiting.map(\.definition.name).joined(separator: ", ")
        let sentence = names.isEmpty ? "starting\n" : "starting: no result yet of " + names + "\n"
        return .now(HTTPAnswer(.serviceUnavailable, text: sentence))
    }
}
