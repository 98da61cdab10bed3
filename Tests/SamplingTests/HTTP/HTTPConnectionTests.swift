// SPDX-License-Identifier: Apache-2.0

import Outbound
import Testing
import Vitals

@Suite("The connection of an http check")
struct HTTPConnectionTests {
    private func bench(_ server: WireServer, _ more: String = "") throws -> WireBench {
        try WireBench(
            #"{"type": "http", "url": "http://127.0.0.1:\#(server.port)/start"\#(more)}"#, keeping: server)
    }

    @Test("is kept between the attempts and made new after a minute")
    func kept() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try bench(server)

        let first = try bench.attempt()
        let second = try bench.attempt()
        bench.time.pass(.seconds(59))
        _ = try bench.attempt()
        let before = server.accepted
        bench.time.pass(.seconds(2))
        let last = try bench.attempt()

        #expect(first.phases.map(\.phase) == [.connect, .processing, .transfer])
        #expect(second.phases.map(\.phase) == [.processing, .transfer])
        #expect(second.sample("probe_http_duration_seconds", "connect") == 0)
        #expect(before == 1)
        #expect(last.outcome == .pass)
        #expect(server.accepted == 2)
    }

    @Test("is not kept when the server says so")
    func unkept() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok("ok", "Connection: close\r\n"))] }
        let bench = try bench(server)

        _ = try bench.attempt()
        #expect(server.becomesIdle())
        _ = try bench.attempt()

        #expect(server.accepted == 2)
    }

    @Test(
        "is replaced unnoticed when the server closed it meanwhile",
        arguments: [WireServer.Act.close, .reset])
    func closedMeanwhile(_ act: WireServer.Act) throws {
        // The first connection answers once, and ends when the second request comes: the race that cannot be won.
        let server = try WireServer { connection, request in
            connection == 0 && request == 1 ? [act] : [.send(WireAnswer.ok())]
        }
        let bench = try bench(server)

        let first = try bench.attempt()
        let second = try bench.attempt()

        #expect(first.outcome == .pass)
        #expect(second.outcome == .pass)
        #expect(server.accepted == 2)
        #expect(server.requests.count == 3)
    }

    @Test("is replaced only once: a server that always closes fails")
    func alwaysCloses() throws {
        let server = try WireServer { connection, request in
            connection == 0 && request == 0 ? [.send(WireAnswer.ok())] : [.close]
        }
        let bench = try bench(server)

        _ = try bench.attempt()
        let second = try bench.attempt()

        #expect(second.outcome == .fail)
        #expect(second.reason == "closed")
        #expect(server.accepted == 2)
    }

    @Test(
        "is replaced when it dies after a redirect, before the next answer",
        arguments: [WireServer.Act.close, .reset])
    func closedAfterRedirect(_ act: WireServer.Act) throws {
        let server = try WireServer { connection, request in
            switch (connection, request) {
            case (0, 0): [.send(WireAnswer.status(302, "Location: /next\r\n"))]
            case (0, _): [act]
            default: [.send(WireAnswer.ok())]
            }
        }

        let result = try bench(server, #", "followRedirects": 1"#).attempt()

        #expect(result.outcome == .pass, "\(result.message)")
        #expect(server.accepted == 2)
        #expect(server.requests.count { $0.hasPrefix("GET /next ") } == 2)
    }

    @Test("is replaced after a redirect only once")
    func closedAfterRedirectTwice() throws {
        let server = try WireServer { connection, request in
            connection == 0 && request == 0
                ? [.send(WireAnswer.status(302, "Location: /next\r\n"))] : [.close]
        }

        let result = try bench(server, #", "followRedirects": 1"#).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "closed")
        #expect(server.accepted == 2)
    }

    @Test("of a request that must not be sent twice is never used again, whatever it redirects to")
    func postOnce() throws {
        // Whoever asks a second time over a connection finds it closed, and never hears what became of the request.
        let server = try WireServer { _, request in
            request > 0 ? [.close] : [.send(WireAnswer.status(303, "Location: /done\r\n"))]
        }
        let finishing = try WireServer { connection, request in
            guard request == 0 else { return [.close] }
            return connection % 2 == 0
                ? [.send(WireAnswer.status(303, "Location: /done\r\n"))] : [.send(WireAnswer.ok())]
        }
        let keys = #", "method": "POST", "body": "{}", "followRedirects": 1"#
        let bench = try bench(finishing, keys)

        let first = try bench.attempt()
        let second = try bench.attempt()
        _ = try self.bench(server, keys).attempt()

        #expect(first.outcome == .pass, "\(first.message)")
        #expect(second.outcome == .pass, "\(second.message)")
        #expect(finishing.requests.count { $0.hasPrefix("POST ") } == 2)
        #expect(server.requests.count { $0.hasPrefix("POST ") } == 1)
    }

    @Test("is not kept where it would be too old at the next attempt")
    func rare() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try WireBench(
            #"{"type": "http", "url": "http://127.0.0.1:\#(server.port)/"}"#, keeping: server,
            interval: .seconds(60))

        let first = try bench.attempt()

        #expect(first.outcome == .pass)
        #expect(server.becomesIdle())
    }

    @Test("is given up when the server sends what nobody asked for")
    func unasked() throws {
        let twice = WireAnswer.ok() + WireAnswer.ok("more")
        let server = try WireServer { connection, _ in [.send(connection == 0 ? twice : WireAnswer.ok())] }
        let bench = try bench(server, #", "expect": {"bodyMatches": "^ok$"}"#)

        let first = try bench.attempt()
        let second = try bench.attempt()

        #expect(first.outcome == .pass)
        #expect(second.outcome == .pass)
        #expect(server.accepted == 2)
    }

    @Test("does not follow redirects unless told to")
    func redirectsOff() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.status(302, "Location: /next\r\n"))] }

        let result = try bench(server).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "http.status")
        #expect(server.requests.count == 1)
    }

    @Test(
        "follows redirects within one origin",
        arguments: ["/next?a=1", "next?a=1", "http://127.0.0.1:PORT/next?a=1", "//127.0.0.1:PORT/next?a=1"])
    func redirects(_ location: String) throws {
        let place = PortBox()
        let redirecting = try WireServer { connection, request in
            let target = location.split(separator: "PORT", omittingEmptySubsequences: false)
                .joined(separator: place.text)
            return connection == 0 && request == 0
                ? [.send(WireAnswer.status(301, "Location: \(target)\r\n"))] : [.send(WireAnswer.ok("there"))]
        }
        place.set(redirecting.port)
        let bench = try bench(redirecting, #", "followRedirects": 1, "expect": {"bodyContains": "there"}"#)

        let result = try bench.attempt()

        #expect(result.outcome == .pass)
        #expect(result.sample("probe_http_redirects") == 1)
        #expect(result.fact("redirects") == .integer(1))
        #expect(redirecting.requests.last?.hasPrefix("GET /next?a=1 HTTP/1.1\r\n") == true)
        #expect(redirecting.accepted == 1)
    }

    @Test("ends a loop of redirects at its limit")
    func loop() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.status(307, "Location: /start\r\n"))] }

        let result = try bench(server, #", "followRedirects": 3"#).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "http.redirect")
        #expect(server.requests.count == 4)
        #expect(server.becomesIdle())
    }

    @Test(
        "refuses redirects to another origin and does not send its secrets there",
        arguments: [
            "http://127.0.0.1:1/", "https://127.0.0.1:PORT/", "http://localhost:PORT/",
            "http://u:p@127.0.0.1:PORT/", "ftp://127.0.0.1:PORT/", "//elsewhere/", "unix:/run/x:/",
        ])
    func foreign(_ location: String) throws {
        let place = PortBox()
        let server = try WireServer { _, _ in
            let target = location.split(separator: "PORT", omittingEmptySubsequences: false)
                .joined(separator: place.text)
            return [.send(WireAnswer.status(302, "Location: \(target)?token=CANARY\r\n"))]
        }
        place.set(server.port)

        let result = try bench(
            server, #", "followRedirects": 3, "headers": {"X-Key": "CANARY"}"#
        ).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "http.redirect")
        #expect(server.requests.count == 1)
        #expect(!ByteSearchText.holds("CANARY", result.everything))
    }

    @Test("is gone after the probe is closed, also in the middle of an attempt")
    func closes() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try bench(server)
        _ = try bench.attempt()

        bench.close()

        #expect(server.becomesIdle())
    }
}
