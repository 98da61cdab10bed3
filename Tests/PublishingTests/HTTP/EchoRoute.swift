// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Publishing

/// Answers with the body that it got, and with what its path names.
struct EchoRoute: Route {
    static let limit = 100_000
    static let paths = ["/echo", "/echo/NAME/twice"]
    static let title = "what was sent"
    static let methods: [HTTPMethod] = [.GET, .POST]
    static let body = BodyRule.upTo(bytes: limit, types: ["application/json", "text/plain"])

    init(_ sources: RouteSources) {}

    func answer(_ request: HTTPRequest) -> RouteReply {
        if let name = request.parameter("NAME") { return .now(HTTPAnswer(.ok, text: name + name)) }
        return .now(HTTPAnswer(.ok, "application/octet-stream", request.body))
    }
}

/// Answers as `EchoRoute` does, when the test says so.
struct HeldEchoRoute: Route {
    static let paths = ["/held"]
    static let title = "what was sent, later"
    static let methods: [HTTPMethod] = [.POST]
    static let body = EchoRoute.body
    private let desk: ScrapeDesk

    init(_ sources: RouteSources) { desk = sources.desk }

    /// Waits as long as the page of a held kernel.
    func answer(_ request: HTTPRequest) -> RouteReply {
        let wish = PageNegotiation(accept: [], acceptEncoding: [])
        guard let page = desk.order(wish, by: .now() + .seconds(60)) else {
            return .now(HTTPAnswer(.serviceUnavailable, text: ""))
        }
        return .later(
            page.map { [desk] _ in
                desk.leave()
                return HTTPAnswer(.ok, "application/octet-stream", request.body)
            })
    }
}
