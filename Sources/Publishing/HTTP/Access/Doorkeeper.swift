// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Vitals

/// Decides who is let in over TCP, connection by connection and request by request. Lives on the event loop.
final class Doorkeeper {
    /// The decision on a request.
    enum Admission {
        /// It is answered.
        case granted
        /// It is refused, and its connection is closed: each refusal costs the client a new connection.
        case refused(HTTPAnswer)
        /// A password is being compared; nil is granted. Whoever does not wait for it to the end says so.
        case pending(EventLoopFuture<HTTPAnswer?>, giveUp: () -> Void)
    }

    /// How a connection came.
    struct Arrival {
        /// From where.
        let peer: PeerAddress
        /// What it shook hands with; nil where it speaks plain text.
        let tls: TLSIdentity?
        /// Whether its certificate vouches for a name that is wanted.
        var isNamed = true
        /// Its handshake, which counts until a good request follows; nil where it speaks plain text.
        var handshake: HandshakeTicket?
    }

    let access: HTTPAccess
    private let time: any TimeSource
    private let tallies: RefusalTallies
    private let desk: PasswordDesk
    private let maker = Fingerprint.Maker()
    private let tokens: [Fingerprint]
    /// Whose hash stands for the one that nobody has: the costliest, which is what every wrong password costs.
    private let decoy: BcryptHash?
    private let challenges: [(name: String, value: String)]
    private var requests: PeerBuckets
    private var guesses: GuessLimits
    private var handshakes: HandshakeLimits

    /// Takes over the guesses that another one counted.
    init(
        _ access: HTTPAccess, time: any TimeSource, tallies: RefusalTallies, desk: PasswordDesk,
        following other: Doorkeeper?
    ) {
        self.access = access
        self.time = time
        self.tallies = tallies
        self.desk = desk
        tokens = access.logins.tokens.map { [maker] in $0.reveal { maker($0) } }
        decoy = access.logins.users.values.max { $0.cost < $1.cost }
        var challenges: [(name: String, value: String)] = []
        if !access.logins.users.isEmpty {
            challenges.append(("WWW-Authenticate", #"Basic realm="vitald", charset="UTF-8""#))
        }
        if !tokens.isEmpty { challenges.append(("WWW-Authenticate", #"Bearer realm="vitald""#)) }
        self.challenges = challenges
        let limits = access.limits
        requests = PeerBuckets(
            burst: limits.burst, interval: .nanoseconds(1_000_000_000 / Int64(limits.requestsPerSecond)))
        // As many again, so that failed handshakes use up nobody's requests.
        handshakes = HandshakeLimits(others: requests)
        guesses = other?.guesses ?? GuessLimits()
    }

    /// Counts one more handshake with a machine; nil where it would have to wait too long for its turn.
    func admitHandshake(from peer: PeerAddress) -> HandshakeLimits.Booking? {
        handshakes.book(peer, isKnown: guesses.isKnown(peer), at: time.now)
    }

    /// A good request followed a handshake.
    func settleHandshake(_ booking: HandshakeLimits.Booking) { handshakes.settle(booking) }

    /// The client of a handshake left before its turn.
    func cancelHandshake(_ booking: HandshakeLimits.Booking) { handshakes.cancel(booking) }

    /// Decides on a request.
    func admit(_ head: HTTPRequestHead, _ arrival: Arrival) -> Admission {
        let peer = arrival.peer
        if !peer.isLoopback {
            let now = time.now
            guard takeRequest(peer, at: now) else {
                tallies.add(.rate)
                let wait = requests.wait(peer, isKnown: guesses.isKnown(peer), at: now)
                return .refused(Self.later(wait, "429: too many requests."))
            }
        }
        // Absent in HTTP/1.0, which no browser speaks any more. Where the target names a host as well, both count.
        guard isMeant(head.headers.first(name: "host")), isMeant(HTTPRequest.authority(of: head.uri)) else {
            tallies.add(.host)
            return .refused(
                .refusal(
                    .forbidden,
                    "403: the Host header names none of this machine's names. Ask by address, or add the name "
                        + "to http.allowedHosts."))
        }
        guard arrival.isNamed else {
            tallies.add(.clientName)
            return .refused(
                .refusal(
                    .forbidden,
                    "403: your certificate vouches for none of the names in http.tls.clientAllowedNames."))
        }
        if access.logins.isWanted { return login(Credentials(head.headers), peer) }
        // Whoever has the certificate of an authority is no stranger.
        if arrival.tls?.trust.authorities != nil { guesses.know(peer) }
        return .granted
    }

    private func isMeant(_ host: String?) -> Bool { host.map(access.hosts.accepts) ?? true }

    private func takeRequest(_ peer: PeerAddress, at now: Instant) -> Bool {
        requests.take(peer, isKnown: guesses.isKnown(peer), at: now)
    }

    private func login(_ credentials: Credentials, _ peer: PeerAddress) -> Admission {
        switch credentials {
        case .none:
            tallies.add(.anonymous)
            return .refused(unauthorized("401: a login is needed."))
        // Nothing is learned by what cannot be right: it is refused, and is no guess.
        case .unreadable: return .refused(wrong())
        case .bearer(let token):
            if isToken(token) { return granted(peer) }
            return .refused(tokens.isEmpty ? wrong() : refusedGuess(peer))
        case .basic(let user, let password):
            guard let decoy, password.reveal(BcryptHash.isPossible) else {
                return .refused(wrong())
            }
            let hash = access.logins.users[user]
            let attempt = desk.attempt(
                user, password, hash ?? decoy, dearest: decoy.cost, isUser: hash != nil)
            switch desk.known(attempt) {
            case .right: return granted(peer)
            case .wrong, .givenUp: return .refused(wrong())
            case nil: return compare(attempt, user, peer)
            }
        }
    }

    private func compare(_ attempt: PasswordDesk.Attempt, _ user: String, _ peer: PeerAddress) -> Admission {
        let now = time.now
        let wait = guesses.wait(peer, at: now)
        if let wait, !guesses.takeSpare(peer, maker("name", user), at: now) {
            tallies.add(.guesses)
            return .refused(Self.tooManyGuesses(wait))
        }
        guard let job = desk.compare(attempt, for: peer) else {
            tallies.add(.queue)
            return .refused(Self.tooManyLogins)
        }
        let me = NIOLoopBound(self, eventLoop: job.verdict.eventLoop)
        let decision = job.verdict.map { verdict -> HTTPAnswer? in
            switch verdict {
            case .right:
                me.value.guesses.know(peer)
                return nil
            case .wrong: return wait == nil ? me.value.refusedGuess(peer) : me.value.wrong()
            // Nobody hears it.
            case .givenUp: return Self.tooManyLogins
            }
        }
        return .pending(decision, giveUp: { [desk] in desk.leave(job) })
    }

    /// The answer where there was no time for a login.
    static let tooManyLogins = HTTPAnswer.refusal(
        .serviceUnavailable, "503: too many logins are being tried. Later."
    ).with("Retry-After", "1")

    private func granted(_ peer: PeerAddress) -> Admission {
        guesses.know(peer)
        return .granted
    }

    /// Fingerprints are compared, not tokens: nobody outside can bring one closer to another.
    private func isToken(_ token: Secret) -> Bool {
        let print = token.reveal { maker($0) }
        return tokens.contains(print)
    }

    private func refusedGuess(_ peer: PeerAddress) -> HTTPAnswer {
        let now = time.now
        guard guesses.take(peer, at: now) else {
            tallies.add(.guesses)
            return Self.tooManyGuesses(guesses.wait(peer, at: now))
        }
        return wrong()
    }

    private func wrong() -> HTTPAnswer {
        tallies.add(.credentials)
        return unauthorized("401: this login is wrong.")
    }

    private func unauthorized(_ sentence: String) -> HTTPAnswer {
        var answer = HTTPAnswer.refusal(.unauthorized, sentence)
        answer.headers += challenges
        return answer
    }

    private static func tooManyGuesses(_ wait: Duration?) -> HTTPAnswer {
        later(wait, "429: too many wrong logins from your address.")
    }

    private static func later(_ wait: Duration?, _ sentence: String) -> HTTPAnswer {
        let seconds = max(1, ((wait ?? .zero) + .nanoseconds(999_999_999)).components.seconds)
        return HTTPAnswer.refusal(.tooManyRequests, sentence).with("Retry-After", String(seconds))
    }
}
