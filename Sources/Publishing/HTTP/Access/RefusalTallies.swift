// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Counts what was refused over TCP, by reason.
struct RefusalTallies {
    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald turned away or threw away, and why.")

    /// Requests under a name that is not this machine's.
    let host: TallyBook.Tally
    /// Requests beyond what one machine may ask.
    let rate: TallyBook.Tally
    /// Requests of clients whose certificate vouches for another name.
    let clientName: TallyBook.Tally
    /// Requests without a login.
    let anonymous: TallyBook.Tally
    /// Requests with a wrong one.
    let credentials: TallyBook.Tally
    /// Requests of machines that were wrong too often.
    let guesses: TallyBook.Tally
    /// Requests whose password nobody had time to compare.
    let queue: TallyBook.Tally
    /// Connections that did not finish their handshake.
    let handshake: TallyBook.Tally
    /// Connections beyond what one machine may have.
    let peer: TallyBook.Tally
    /// Connections beyond what one machine may open.
    let opening: TallyBook.Tally

    init(_ book: TallyBook) {
        func tally(_ what: String, _ reason: String) -> TallyBook.Tally {
            book.tally(Self.dropped, [("what", what), ("reason", reason)])
        }
        host = tally("http_request", "host")
        rate = tally("http_request", "rate")
        clientName = tally("http_request", "client_name")
        anonymous = tally("http_request", "no_credentials")
        credentials = tally("http_request", "credentials")
        guesses = tally("http_request", "guesses")
        queue = tally("http_request", "login_queue")
        handshake = tally("http_connection", "tls")
        peer = tally("http_connection", "peer_limit")
        opening = tally("http_connection", "rate")
    }
}
