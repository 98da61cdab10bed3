// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// What the socket counts about itself, for the page and for `limits`.
package enum SocketFamilies {
    /// Open connections.
    package static let connections = MetricFamily(
        "vitald_socket_connections", .gauge, "Open connections of the Unix socket.")
    /// Calls by method and code.
    package static let requests = MetricFamily(
        "vitald_socket_requests_total", .counter,
        "Calls on the Unix socket by method and JSON-RPC code; 0 is success.")
    /// Whatever was dropped, by reason.
    package static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What was dropped or refused because of a bound, by reason.")
}

/// The socket's tallies, looked up once and kept; touched only on the event loop.
struct SocketTallies {
    private let book: TallyBook
    let pushes: PushTallies
    let connections: TallyBook.Tally
    private var requests: [String: TallyBook.Tally] = [:]
    private var drops: [String: TallyBook.Tally] = [:]

    init(book: TallyBook) {
        self.book = book
        pushes = PushTallies(book)
        connections = book.tally(SocketFamilies.connections)
    }

    /// The tally of successful calls of a method.
    func succeeded(_ method: String) -> TallyBook.Tally {
        book.tally(SocketFamilies.requests, [("method", method), ("code", "0")])
    }

    /// Counts a refused call. Names that clients invent never become labels.
    mutating func refused(_ method: String?, _ code: Int64) {
        let method = method ?? "unknown"
        let key = "\(method) \(code)"
        if let tally = requests[key] { return tally.add() }
        let tally = book.tally(SocketFamilies.requests, [("method", method), ("code", String(code))])
        requests[key] = tally
        tally.add()
    }

    /// Counts what was dropped.
    mutating func dropped(_ what: String, _ reason: String, _ count: Int64 = 1) {
        drops(what, reason).add(count)
    }

    /// What counts what is dropped for this reason.
    mutating func drops(_ what: String, _ reason: String) -> TallyBook.Tally {
        let key = "\(what) \(reason)"
        if let tally = drops[key] { return tally }
        let tally = book.tally(SocketFamilies.dropped, [("what", what), ("reason", reason)])
        drops[key] = tally
        return tally
    }
}
