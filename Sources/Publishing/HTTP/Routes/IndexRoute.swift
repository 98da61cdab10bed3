// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// `/`: the status for now, for people. Plain HTML, nothing from outside, no script; it reloads itself.
struct IndexRoute: Route {
    static let paths = ["/"]
    static let title = "this page"
    private let board: Board
    private let identity: ServiceIdentity
    private let time: any TimeSource

    init(_ sources: RouteSources) {
        board = sources.board
        identity = sources.identity
        time = sources.time
    }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let page = StatusPage(board.report, identity, now: time.wall, RouteCatalog.all)
        let answer = HTTPAnswer(.ok, "text/html; charset=utf-8", ByteBuffer(string: page.html))
        return .now(
            answer.with(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; connect-src 'self'; "
                    + "frame-ancestors 'none'"))
    }
}
