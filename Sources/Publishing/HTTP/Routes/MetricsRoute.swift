// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// `/metrics`: the page for Prometheus.
struct MetricsRoute: Route {
    static let paths = ["/metrics"]
    static let title = "metrics for Prometheus, as text 0.0.4 or OpenMetrics 1.0"
    private let desk: ScrapeDesk

    init(_ sources: RouteSources) { desk = sources.desk }

    func answer(_ request: HTTPRequest) -> RouteReply {
        let wish = PageNegotiation(
            accept: request.headers[canonicalForm: "accept"].map(String.init),
            acceptEncoding: request.headers[canonicalForm: "accept-encoding"].map(String.init))
        let budget = ScrapeBudget(
            header: request.headers.first(name: "x-prometheus-scrape-timeout-seconds"), desk.limits)
        guard let page = desk.order(wish, by: request.began + budget.time) else {
            let answer = HTTPAnswer(.serviceUnavailable, text: "503: too many scrapes at once. Later.\n")
            return .now(answer.with("Retry-After", "1"))
        }
        return .later(
            page.map { product in
                var answer = HTTPAnswer(.ok, wish.format.contentType, product.page)
                answer.headers.append(("Vary", "Accept, Accept-Encoding"))
                if product.isCompressed { answer.headers.append(("Content-Encoding", "gzip")) }
                answer.whenDone = { desk.leave() }
                return answer
            })
    }
}

/// How long a scrape may take.
struct ScrapeBudget {
    /// From the request's first byte.
    let time: TimeAmount

    /// Reads Prometheus' `X-Prometheus-Scrape-Timeout-Seconds: 9.5`, the scraper's own timeout as a float. What
    /// is no positive number is as good as none: the request's own time.
    init(header: String?, _ limits: HTTPLimits) {
        let reserve = limits.scrapeReserve.nanoseconds
        let longest = max(limits.requestTime.nanoseconds - reserve, limits.requestTime.nanoseconds / 2)
        guard let seconds = header.flatMap(Double.init), seconds.isFinite, seconds > 0 else {
            time = .nanoseconds(longest)
            return
        }
        let whole = Int64(min(seconds, 1e9) * 1e9)
        // A timeout of less than twice the reserve is halved instead, so that something is left of it.
        time = .nanoseconds(min(max(whole - reserve, whole / 2), longest))
    }
}
