// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import vitald

/// A Unix socket that answers one question with fixed bytes and hangs up.
final class Answerer {
    let path = "/tmp/vitald-query-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
    private let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

    init() throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 1) == 0)
    }

    /// How many wait to be accepted; they are sent away.
    var waiting: Int {
        var count = 0
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) > 0 {
            close(accept(listener, nil, nil))
            count += 1
        }
        return count
    }

    deinit {
        close(listener)
        unlink(path)
    }

    func answer(_ text: String) {
        let peer = accept(listener, nil, nil)
        _ = text.withCString { send(peer, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        close(peer)
    }
}

@Suite("The daemon's question to itself")
struct SelfQueryTests {
    @Test(
        "tells progress, rubbish, and a house that is full apart",
        arguments: [
            (
                SelfQuery.Question.ping, #"{"result":{"pong":true,"tick":7,"generation":1}}"#,
                SelfQuery.Standing.answered(7)
            ),
            (.ping, #"{"error":{"code":-32002,"data":{"kind":"too_many"}}}"#, .notAsked),
            (.ping, #"{"error":{"code":-32002,"data":{"kind":"rate_limited"}}}"#, .notAsked),
            (.ping, #"{"error":{"code":-32002,"data":{"kind":"no_descriptors"}}}"#, .notAsked),
            (.ping, #"{"error":{"code":-32603,"data":{"kind":"unavailable"}}}"#, .failed),
            (.livez, "HTTP/1.1 200 OK\r\nX-Vitald-Generation: 12\r\n\r\nok\n", .answered(12)),
            (.livez, "HTTP/1.1 503 Service Unavailable\r\n\r\n", .notAsked),
            (.livez, "HTTP/1.1 500 Internal Server Error\r\n\r\n", .failed),
            (.livez, "", .failed),
        ])
    func standings(_ question: SelfQuery.Question, _ answer: String, _ expected: SelfQuery.Standing) throws {
        let answerer = try Answerer()
        let query = SelfQuery(question, path: answerer.path)
        #expect(query.poll() == .open)

        answerer.answer(answer)

        #expect(query.poll() == expected)
    }

    @Test(
        "a path that leads nowhere says something of vitald where the socket is its own, and nothing where it is handed"
    )
    func unreachable() throws {
        let path = "/tmp/vitald-query-\(getpid())-none.sock"

        #expect(SelfQuery(.ping, path: path, isOwn: true).poll() == .failed)
        #expect(SelfQuery(.ping, path: path, isOwn: false).poll() == .notAsked)
    }

    @Test("a queue that others fill says nothing while connections are accepted")
    func crowded() throws {
        let answerer = try Answerer()
        let accepted = Box(0)
        func query() -> SelfQuery { SelfQuery(.ping, path: answerer.path, accepts: { accepted.value }) }
        let waiting = (0..<2).map { _ in query() }
        let (early, late) = (query(), query())

        #expect(waiting.allSatisfy { $0.poll() == .open })
        #expect(early.poll() == .failed, "nobody was accepted since")
        accepted.value += 1
        #expect(early.poll() == .notAsked)
        #expect(late.poll() == .notAsked)
        #expect(query().poll() == .failed)
    }

    /// A number that a closure looks at.
    private final class Box {
        var value: UInt64
        init(_ value: UInt64) { self.value = value }
    }

    @Test("a queue that nobody empties is told, whoever made the socket")
    func full() throws {
        let answerer = try Answerer()
        // The queue of one takes two (unix(7)); the third finds it full.
        let waiting = (0..<2).map { _ in SelfQuery(.ping, path: answerer.path, isOwn: false) }

        #expect(waiting.allSatisfy { $0.poll() == .open })
        #expect(SelfQuery(.ping, path: answerer.path, isOwn: false).poll() == .failed)
    }
}
