// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
package import Vitals

/// One address of the HTTP server. One route is one file and one line in `RouteCatalog.all`.
///
/// A route answers from what is known at the moment; it never waits for a dependency.
package protocol Route: Sendable {
    /// The paths it answers on; the first is its name in `vitald_http_requests_total{route}`. A segment in capitals
    /// (`/checks/NAME`) stands for any one segment, which the request carries under that name.
    static var paths: [String] { get }

    /// What it is for, in a few words, for the page for people.
    static var title: String { get }

    /// The methods it takes; GET includes HEAD.
    static var methods: [HTTPMethod] { get }

    /// What it takes beside the head of a request that is no GET.
    static var body: BodyRule { get }

    /// Makes the route from what routes are made of.
    init(_ sources: RouteSources)

    /// Answers a request, on the event loop.
    func answer(_ request: HTTPRequest) -> RouteReply
}

extension Route {
    /// GET and HEAD.
    package static var methods: [HTTPMethod] { [.GET] }

    /// No body.
    package static var body: BodyRule { .nothing }

    /// Its name in `vitald_http_requests_total{route}`.
    static var name: String { paths.first ?? "other" }

    /// The value of `Allow`.
    static var allow: String {
        methods.flatMap { $0 == .GET ? ["GET", "HEAD"] : [$0.rawValue] }.joined(separator: ", ")
    }
}

/// An answer that is there, one that comes, or one that goes on.
package enum RouteReply {
    /// There.
    case now(HTTPAnswer)
    /// Comes on the event loop; it must not fail.
    case later(EventLoopFuture<HTTPAnswer>)
    /// Goes on until its client leaves.
    case stream(HTTPStream)
}

/// What routes are made of.
package struct RouteSources: Sendable {
    /// Where the newest report is.
    package let board: Board
    /// Where the metrics page is ordered.
    package let desk: ScrapeDesk
    /// Who answers.
    package let identity: ServiceIdentity
    /// The daemon's tick.
    package let generation: TickGeneration
    /// The time.
    package let time: any TimeSource
    /// Who takes what is pushed.
    package let sink: any PushSink
    /// Where pushed items are counted.
    package let pushes: PushTallies
    /// The open event streams.
    package let events: EventStreams
}
