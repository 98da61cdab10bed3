// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite(
    "Pushes and events over HTTP of the shipped binary",
    .enabled(if: Program.has("curl"), "curl is not installed: apt install curl"))
struct WebPushTests {
    private static func heartbeats(_ names: [String], ttl: String, http: String = #"{ "listen": [] }"#)
        -> String
    {
        let checks = names.map { #"{ "name": "\#($0)", "type": "heartbeat", "ttl": "\#(ttl)" }"# }
        return #"{ "http": \#(http), "checks": ["# + checks.joined(separator: ", ") + "] }"
    }

    private func beat(_ daemon: ShippedDaemon, _ name: String, _ words: String...) async throws -> Curl {
        let socket = daemon.directory.path + "/run/http.sock"
        return try await Curl.get(
            words + ["--unix-socket", socket, "-X", "POST", "http://vitald/api/v1/heartbeat/\(name)"])
    }

    @Test("a beat over http.sock turns its check healthy at once, is counted, and is what the socket's is")
    func beats() async throws {
        let daemon = try await ShippedDaemon(Self.heartbeats(["agent", "other"], ttl: "60s")).serving()
        #expect(try await daemon.check("agent")["phase"]?.string == "pending")

        let answer = try await beat(daemon, "agent")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.text.hasSuffix("{\"accepted\":1,\"rejected\":0}\n"))
        try await Wait.until("the check to be healthy") {
            try await daemon.check("agent")["level"]?.string == "healthy"
        }
        #expect(
            try await beat(daemon, "agent", "-H", "Content-Type: application/json", "-d", "{}").status == 200)
        #expect(try await beat(daemon, "agent", "-d", "{}").status == 415, "curl's own type for -d")
        #expect(try await beat(daemon, "nobody").status == 404)
        let reply = try await daemon.result("push.heartbeat", #"{"name":"agent"}"#)
        #expect(reply["accepted"]?.integer == 1)

        #expect(try await daemon.check("other")["phase"]?.string == "pending")
        let page = try await daemon.get("/metrics")
        #expect(page.sample(#"vitald_push_items_total{door="http",kind="heartbeat",result="accepted"}"#) == 2)
        #expect(page.sample(#"vitald_push_items_total{door="http",kind="heartbeat",result="rejected"}"#) == 1)
        let requests = #"vitald_http_requests_total{route="/api/v1/heartbeat/NAME",code="#
        #expect(page.sample(requests + #""200"}"#) == 2)
        #expect(page.sample(requests + #""404"}"#) == 1)
        try await daemon.stop()
    }

    @Test("compressed and chunked bodies are taken, with and without being asked for first")
    func bodies() async throws {
        let daemon = try await ShippedDaemon(Self.heartbeats(["agent"], ttl: "60s")).serving()
        let object = "{\"note\":\"\(String(repeating: "x", count: 5000))\"}"
        let file = try daemon.directory.write("body.json", object)
        let packed = daemon.directory.path + "/body.json.gz"
        #expect(try await Wait.apart { try Program.output(["gzip", "-k", file]).ending } == .code(0))

        for words in [
            ["--data-binary", "@\(file)"], ["--data-binary", "@\(file)", "-H", "Expect: 100-continue"],
            ["--data-binary", "@\(file)", "-H", "Transfer-Encoding: chunked"],
            ["--data-binary", "@\(packed)", "-H", "Content-Encoding: gzip"],
        ] {
            let socket = daemon.directory.path + "/run/http.sock"
            let answer = try await Curl.get(
                words + [
                    "-H", "Content-Type: application/json", "--unix-socket", socket,
                    "http://vitald/api/v1/heartbeat/agent",
                ])
            #expect(answer.text.contains("HTTP/1.1 200 OK"), "\(words) \(answer.text)")
        }
        try await daemon.stop()
    }

    @Test("over TCP nobody on this machine can push without a login, and no page of another site anywhere")
    func strangers() async throws {
        let directory = try TestDirectory()
        let token = try directory.write("token", "a-token-of-some-length")
        try #require(chmod(token, 0o600) == 0)
        let open = try await ShippedDaemon(
            Self.heartbeats(["agent"], ttl: "60s", http: #"{ "listen": ["127.0.0.1:0"] }"#)
        ).serving()
        let url = "http://127.0.0.1:\(try open.port())/api/v1/heartbeat/agent"
        let refused = try await Curl.get(url, "-X", "POST")
        #expect(refused.status == 403)
        #expect(
            refused.text.contains("writing over TCP needs a login or a client certificate"), "\(refused.text)"
        )
        #expect(try await beat(open, "agent", "-H", "Origin: http://evil.example").status == 403)
        #expect(try await beat(open, "agent", "-H", "Sec-Fetch-Site: cross-site").status == 403)
        #expect(try await open.check("agent")["phase"]?.string == "pending")
        try await open.stop()

        let guarded = try await ShippedDaemon(
            Self.heartbeats(
                ["agent"], ttl: "60s",
                http: #"{ "listen": ["127.0.0.1:0"], "auth": { "bearerTokenFiles": ["\#(token)"] } }"#)
        ).serving()
        let guardedURL = "http://127.0.0.1:\(try guarded.port())/api/v1/heartbeat/agent"
        let login = "Authorization: Bearer a-token-of-some-length"
        #expect(try await Curl.get(guardedURL, "-X", "POST").status == 401)
        let elsewhere = ["-X", "POST", "-H", login, "-H", "Origin: http://evil.example", guardedURL]
        #expect(try await Curl.get(elsewhere).status == 403)
        #expect(try await Curl.get(guardedURL, "-X", "POST", "-H", login).status == 200)
        try await guarded.stop()
    }

    @Test("events are the socket's events, and a reader that comes back misses none")
    func resumes() async throws {
        let daemon = try await ShippedDaemon(Self.heartbeats(["agent"], ttl: "1s")).serving()
        let socket = try Subscription(daemon)
        try await socket.opened()
        let first = try EventReader(daemon.web)
        #expect(try await first.opened().hasPrefix("HTTP/1.0 200"))
        let snapshot = try #require(try await first.next())
        #expect(snapshot.name == "snapshot")
        #expect(try snapshot.json()["snapshot"]?["checks"]?.count == 1)
        #expect(try await daemon.get("/metrics").sample("vitald_http_streams") == 1)

        #expect(try await beat(daemon, "agent").status == 200)
        let event = try await first.change(of: "agent", to: "healthy")
        let told = try await socket.change(of: "agent", to: "healthy")
        #expect(event.data == String(decoding: told.source, as: UTF8.self))
        let epoch = try #require(told["epoch"]?.string)
        #expect(event.id == "\(epoch)-\(told["seq"]?.integer ?? -1)")

        // It is away while the beat expires and another one comes.
        _ = try await socket.change(of: "agent", to: "unhealthy")
        #expect(try await beat(daemon, "agent").status == 200)
        _ = try await socket.change(of: "agent", to: "healthy")
        let second = try EventReader(daemon.web, after: event.id)
        _ = try await second.opened()
        let missed = try #require(try await second.next())
        #expect(try missed.json()["seq"]?.integer == (told["seq"]?.integer ?? 0) + 1)
        #expect(missed.name == nil)
        _ = try await second.change(of: "agent", to: "unhealthy")
        let last = try await second.change(of: "agent", to: "healthy")

        let known = #"vitald_http_requests_total{route="/api/v1/events",code="200"}"#
        #expect(try await daemon.get("/metrics").sample(known) == 2)
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))

        let restarted = try ShippedDaemon(
            Self.heartbeats(["agent"], ttl: "1s"), in: daemon.directory, log: "next")
        try await Wait.until("the next one to serve") { (try? await restarted.get("/livez"))?.status == 200 }
        let third = try EventReader(restarted.web, after: last.id)
        _ = try await third.opened()
        let fresh = try #require(try await third.next())
        #expect(fresh.name == "snapshot")
        #expect(try fresh.json()["lost"]?.boolean == true)
        #expect(try await third.next()?.json()["topic"]?.string == "lost")
        restarted.program.signal(SIGTERM)
        #expect(try await restarted.program.end() == .code(0))
    }

    @Test("a reader that does not read is told what it lost, and delays nobody")
    func slowReader() async throws {
        let names = (0..<200).map { "agent\($0)" }
        let daemon = try await ShippedDaemon(Self.heartbeats(names, ttl: "1s")).serving()
        let slow = try EventReader(daemon.web)
        _ = try await slow.opened()
        let beats = names.map {
            #"{"jsonrpc":"2.0","method":"push.heartbeat","params":{"name":"\#($0)"}}"# + "\n"
        }
        .joined()
        let wire = try await Wait.apart { [socket = daemon.socket] in try Wire(.path(socket)) }
        let listener = try EventReader(daemon.web)
        _ = try await listener.opened()

        let lost = #"vitald_dropped_total{what="http_event",reason="slow_reader"}"#
        try await Wait.until("events to be lost", within: .seconds(60)) {
            try wire.send(beats)
            _ = try await listener.change(of: "agent199", to: "healthy")
            _ = try await listener.change(of: "agent199", to: "unhealthy")
            return try await daemon.get("/metrics").sample(lost) ?? 0 > 0
        }
        #expect(try await daemon.get("/livez").status == 200)

        var count: Int64?
        while count == nil, let event = try await slow.next() {
            let data = try event.json()
            if data["topic"]?.string == "lost" { count = data["count"]?.integer }
        }
        #expect(count ?? 0 > 0)
        try await daemon.stop()
    }

    @Test("SIGTERM ends streams, and nobody waits for them")
    func drains() async throws {
        let daemon = try await ShippedDaemon(Self.heartbeats(["agent"], ttl: "60s")).serving()
        let readers = try (0..<3).map { _ in try EventReader(daemon.web) }
        for reader in readers {
            _ = try await reader.opened()
            #expect(try await reader.next()?.name == "snapshot")
        }

        let asked = ContinuousClock.now
        daemon.program.signal(SIGTERM)
        for reader in readers { while try await reader.next() != nil {} }
        #expect(try await daemon.program.end() == .code(0))
        #expect(ContinuousClock.now - asked < .seconds(8), "what is cut has ten seconds")
    }

    @Test("one user has four streams; a fifth is refused until one of them ends")
    func places() async throws {
        let daemon = try await ShippedDaemon(Self.heartbeats(["agent"], ttl: "60s")).serving()
        var readers = try (0..<4).map { _ in try EventReader(daemon.web) }
        for reader in readers { #expect(try await reader.opened().hasPrefix("HTTP/1.0 200")) }

        #expect(try await EventReader(daemon.web).opened().hasPrefix("HTTP/1.0 429"))
        readers.removeLast()
        try await Wait.until("a place") {
            try await daemon.get("/metrics").sample("vitald_http_streams") == 3
        }
        #expect(try await EventReader(daemon.web).opened().hasPrefix("HTTP/1.0 200"))
        try await daemon.stop()
    }
}
