// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing
import Vitals

@testable import Publishing

/// A door whose clock and lane are in the hands of a test.
final class Door {
    /// Of the password `right`, cost 4.
    static let hash = "$2b$04$S306TbzKkmXCIeSJcKQl5eKoMpswNyU0sX6zVTjj53bWLsGsd.e4y"

    let loop = EmbeddedEventLoop()
    let clock = HandClock()
    let book = TallyBook()
    let lane = HandLane()
    private let desk: PasswordDesk
    private var keeper: Doorkeeper
    private var tickets: [String: [HandshakeTicket]] = [:]

    init(_ change: (inout HTTPAccess) throws -> Void = { _ in }) throws {
        desk = PasswordDesk(loop) { [lane] in lane.add($0) }
        clock.advance(by: .seconds(1000))
        keeper = Doorkeeper(
            HTTPAccess(), time: clock, tallies: RefusalTallies(book), desk: desk, following: nil)
        try replace(change)
    }

    func replace(_ change: (inout HTTPAccess) throws -> Void) throws {
        var access = HTTPAccess()
        access.logins = Logins(isWanted: true)
        access.logins.users = ["ann": try BcryptHash(Self.hash)]
        try change(&access)
        keeper = Doorkeeper(
            access, time: clock, tallies: RefusalTallies(book), desk: desk, following: keeper)
    }

    /// How long a handshake waits for its turn; nil where it is refused.
    func handshake(from: String) throws -> Duration? {
        let peer = try #require(PeerAddress(try SocketAddress(ipAddress: from, port: 1)))
        let ticket = HandshakeTicket()
        guard let wait = ticket.admit(peer, at: keeper) else { return nil }
        tickets[from, default: []].append(ticket)
        return wait
    }

    /// A good request followed the oldest handshake that none followed yet.
    func settle(from: String) {
        guard let ticket = tickets[from]?.first else { return }
        tickets[from]?.removeFirst()
        ticket.settle()
    }

    /// The client of the last handshake left before its turn.
    func leave(from: String) { tickets[from]?.popLast()?.cancel() }

    /// The lane does what it was given.
    @discardableResult
    func work() -> Int {
        let count = lane.work()
        loop.run()
        return count
    }

    /// Asks; the answer is in the box, 200 for granted, nil while a password is compared.
    func ask(
        _ headers: [(String, String)], from: String = "192.0.2.1", for target: String = "/",
        with identity: TLSIdentity? = nil
    ) throws -> Answer {
        let peer = try #require(PeerAddress(try SocketAddress(ipAddress: from, port: 1)))
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: target, headers: HTTPHeaders([("Host", "x")] + headers))
        let answer = Answer()
        switch keeper.admit(head, Doorkeeper.Arrival(peer: peer, tls: identity)) {
        case .granted: answer.status = 200
        case .refused(let refusal): answer.take(refusal)
        case .pending(let decision, let giveUp):
            answer.giveUp = giveUp
            decision.assumeIsolated().whenSuccess { $0.map(answer.take) ?? { answer.status = 200 }() }
        }
        return answer
    }

    func login(_ user: String, _ password: String, from: String = "192.0.2.1") throws -> Answer {
        try ask([("Authorization", "Basic \(Self.base64("\(user):\(password)"))")], from: from)
    }

    func dropped(_ reason: String) -> Int64 {
        book.tally(
            MetricFamily("vitald_dropped_total", .counter, "Help."),
            [("what", "http_request"), ("reason", reason)]
        ).value
    }

    final class Answer {
        var status: UInt?
        var headers: [(name: String, value: String)] = []
        var closes = false
        var giveUp: () -> Void = {}
        func take(_ answer: HTTPAnswer) {
            status = answer.status.code
            closes = answer.closes
            headers = answer.headers
        }
    }

    static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for digit in 0...3 {
                out.append(digit <= group.count ? alphabet[word >> (18 - 6 * digit) & 63] : "=")
            }
        }
        return out
    }
}
