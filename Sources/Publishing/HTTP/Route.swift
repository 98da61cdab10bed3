// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
package import Vitals

/// One address of the HTTP server. One route is one file and one line in `RouteCatalog.all`.
///
/// A route answers from what is known at the moment; it never waits for a dependency.
package protocol Route: Sendable {
    /// The paths it answers on; the first is its name in `vitald_http_requests_total{route}`.
    var paths: [String] { get }

    /// What it shows, in a few words, for the page for people.
    var title: String { get }

    /// The methods it takes; GET includes HEAD.
    var methods: [HTTPMethod] { get }

    /// Answers a request, on the event loop.
    func answer(_ request: HTTPRequest, _ house: PublicView) -> RouteReply
}

extension Route {
    package var methods: [HTTPMethod] { [.GET] }
}

/// An answer that is there, or one that comes.
package enum RouteReply {
    /// There.
    case now(HTTPAnswer)
    /// Comes on the event loop; it must not fail.
    case later(EventLoopFuture<HTTPAnswer>)
}

/// What routes may look at.
package struct PublicView: Sendable {
    /// Where the newest report hangs.
    package let board: Board
    /// Where the metrics page is ordered.
    package let desk: ScrapeDesk
    /// Who answers.
    package let identity: ServiceIdentity
    /// The daemon's tick.
    package let generation: TickGeneration
    /// The time.
    package let time: any TimeSource
}
