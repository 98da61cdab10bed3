// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// `/`: the status for now, for people. Plain HTML, nothing from outside, no script; it reloads itself.
struct IndexRoute: Route {
    let paths = ["/"]
    let title = "this page"

    func answer(_ request: HTTPRequest, _ view: PublicView) -> RouteReply {
        let page = StatusPage(view.board.report, view.identity, now: view.time.wall, RouteCatalog.all)
        let answer = HTTPAnswer(.ok, "text/html; charset=utf-8", ByteBuffer(string: page.html))
        return .now(
            answer.with(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'"))
    }
}
