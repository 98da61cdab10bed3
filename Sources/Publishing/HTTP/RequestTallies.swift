// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// Counts requests by route and status; the route is a path of the catalog or `other`, never what was sent.
final class RequestTallies {
    private static let requests = MetricFamily(
        "vitald_http_requests_total", .counter, "HTTP requests answered, by route of the catalog and status.")
    private static let connections = MetricFamily(
        "vitald_http_connections", .gauge, "Open HTTP connections.")
    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald turned away or threw away, and why.")

    /// Open connections.
    let open: TallyBook.Tally
    /// Connections beyond the limit.
    let refused: TallyBook.Tally
    /// Connections cut for being slow.
    let tooSlow: TallyBook.Tally
    /// What else was refused.
    let refusals: RefusalTallies
    private let book: TallyBook
    private let names: [String]
    private var known: [[UInt: TallyBook.Tally]]

    init(_ book: TallyBook, _ routes: [any Route.Type]) {
        self.book = book
        refusals = RefusalTallies(book)
        names = routes.map { $0.name } + ["other"]
        known = Array(repeating: [:], count: names.count)
        open = book.tally(Self.connections)
        refused = book.tally(Self.dropped, [("what", "http_connection"), ("reason", "limit")])
        tooSlow = book.tally(Self.dropped, [("what", "http_connection"), ("reason", "timeout")])
    }

    /// Counts one answer of a route, by index; nil is none of them.
    func count(_ route: Int?, _ code: UInt) {
        let number = route ?? names.count - 1
        if let tally = known[number][code] { return tally.add() }
        let tally = book.tally(Self.requests, [("route", names[number]), ("code", String(code))])
        known[number][code] = tally
        tally.add()
    }
}
