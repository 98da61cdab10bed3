// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Why something was refused over HTTP.
enum Refusal: CaseIterable {
    /// A request under a name that is not this machine's.
    case host
    /// A request beyond what one machine may ask.
    case rate
    /// A request of a client whose certificate vouches for another name.
    case clientName
    /// A request without a login.
    case anonymous
    /// A request with a wrong one.
    case credentials
    /// A request of a machine that was wrong too often.
    case guesses
    /// A request whose password nobody had time to compare.
    case queue
    /// A request that would change something, of a client that is not known.
    case write
    /// The same, sent by a web page of another site.
    case crossSite
    /// A request whose body found no room beside those of others.
    case bodies
    /// A connection that did not finish its handshake.
    case handshake
    /// A connection beyond what one machine may have.
    case peerLimit
    /// A connection beyond what one machine may open.
    case openingRate
    /// A connection that only held a place which another one needed.
    case evicted
    /// A connection over the Unix socket beyond what one user may have.
    case userLimit
    /// A connection over the Unix socket beyond what one user may open.
    case userRate
    /// A connection that would have used up the descriptors.
    case descriptors

    /// Its labels in `vitald_dropped_total`.
    var labels: (what: String, reason: String) {
        switch self {
        case .host: ("http_request", "host")
        case .rate: ("http_request", "rate")
        case .clientName: ("http_request", "client_name")
        case .anonymous: ("http_request", "no_credentials")
        case .credentials: ("http_request", "credentials")
        case .guesses: ("http_request", "guesses")
        case .queue: ("http_request", "login_queue")
        case .write: ("http_request", "write")
        case .crossSite: ("http_request", "cross_site")
        case .bodies: ("http_request", "bodies")
        case .handshake: ("http_connection", "tls")
        case .peerLimit: ("http_connection", "peer_limit")
        case .openingRate: ("http_connection", "rate")
        case .evicted: ("http_connection", "evicted")
        case .userLimit: ("http_connection", "user_limit")
        case .userRate: ("http_connection", "user_rate")
        case .descriptors: ("http_connection", "descriptors")
        }
    }
}

/// Counts what was refused over HTTP, by reason. Lives on the event loop.
///
/// A page shows the reasons that there can be under the rules in force, from zero on, and those that there were.
final class RefusalTallies {
    private static let dropped = MetricFamily(
        "vitald_dropped_total", .counter, "What vitald turned away or threw away, and why.")

    private let book: TallyBook
    private var known: [Refusal: TallyBook.Tally] = [:]

    init(_ book: TallyBook) { self.book = book }

    /// Counts one.
    func add(_ refusal: Refusal) { tally(refusal).add() }

    /// Shows what there can be under these rules.
    func show(_ access: HTTPAccess) {
        var possible: [Refusal] = [.evicted, .userLimit, .descriptors, .crossSite, .bodies]
        if !access.tellsClientsApart { possible.append(.write) }
        if access.hosts != .any { possible.append(.host) }
        if let tls = access.tls {
            possible += [.handshake, .openingRate]
            if !tls.clientNames.isEmpty { possible.append(.clientName) }
        }
        if access.logins.isWanted { possible += [.anonymous, .credentials, .guesses, .queue] }
        // Only what is guarded is usually open to others.
        if access.tls != nil || access.logins.isWanted { possible += [.rate, .peerLimit] }
        for refusal in possible { _ = tally(refusal) }
    }

    private func tally(_ refusal: Refusal) -> TallyBook.Tally {
        if let tally = known[refusal] { return tally }
        let (what, reason) = refusal.labels
        let tally = book.tally(Self.dropped, [("what", what), ("reason", reason)])
        known[refusal] = tally
        return tally
    }
}
