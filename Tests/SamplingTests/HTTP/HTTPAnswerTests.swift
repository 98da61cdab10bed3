// SPDX-License-Identifier: Apache-2.0

import CZlib
import Glibc
import Testing
import Vitals

@Suite("An http check")
struct HTTPAnswerTests {
    private func bench(_ server: WireServer, _ more: String = "") throws -> WireBench {
        try WireBench(
            #"{"type": "http", "url": "http://127.0.0.1:\#(server.port)/health?deep=1"\#(more)}"#,
            keeping: server)
    }

    private func one(_ answer: [UInt8], _ more: String = "", closing: Bool = false) throws -> ProbeResult {
        let server = try WireServer { _, _ in closing ? [.send(answer), .close] : [.send(answer)] }
        let bench = try bench(server, more)
        let result = try bench.attempt()
        bench.close()
        #expect(server.becomesIdle(), "a connection stayed open")
        return result
    }

    @Test("passes on 200 and tells what it saw")
    func passes() throws {
        let result = try one(WireAnswer.ok("hello"))

        #expect(result.outcome == .pass)
        #expect(result.reason == nil)
        #expect(result.fact("response_code") == .integer(200))
        #expect(result.fact("body_bytes") == .integer(5))
        #expect(result.phases.map(\.phase) == [.connect, .processing, .transfer])
        #expect(result.sample("probe_http_status_code") == 200)
        #expect(result.sample("probe_http_version") == 1.1)
        #expect(result.sample("probe_http_content_length") == 5)
        #expect(result.sample("probe_http_redirects") == 0)
        #expect(result.sample("probe_http_ssl") == 0)
        #expect(result.sample("probe_failed_due_to_regex") == 0)
        for phase in ["resolve", "connect", "tls", "processing", "transfer"] {
            #expect(result.sample("probe_http_duration_seconds", phase) != nil)
        }
        #expect(result.sample("probe_http_duration_seconds", "tls") == 0)
        #expect(result.sample("probe_ssl_earliest_cert_expiry") == nil)
    }

    @Test("sends one correct request, with the headers of the configuration and of files")
    func request() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try WireBench(
            #"""
            {"type": "http", "url": "http://127.0.0.1:\#(server.port)/a%20b?x=1#part", "method": "GET",
             "headers": {"X-One": "1"}, "headerFiles": {"Authorization": "/secret"}}
            """#, readSecret: { $0 == "/secret" ? "Bearer CANARY-1\n" : nil })

        let result = try bench.attempt()

        let lines = try #require(server.requests.first).split(separator: "\r\n").map(String.init)
        #expect(lines.first == "GET /a%20b?x=1 HTTP/1.1")
        #expect(lines.contains("Host: 127.0.0.1:\(server.port)"))
        #expect(lines.contains("Accept-Encoding: identity"))
        #expect(lines.contains("User-Agent: vitald"))
        #expect(lines.contains("X-One: 1"))
        #expect(lines.contains("Authorization: Bearer CANARY-1"))
        #expect(lines.count == 7)
        #expect(!ByteSearchText.holds("CANARY", result.everything))
    }

    @Test("uses user and password of the URL and shows neither")
    func basic() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.status(401))] }
        let bench = try WireBench(
            #"{"type": "http", "url": "http://anna:CANARY%3a2@127.0.0.1:\#(server.port)/"}"#)

        let result = try bench.attempt()

        // printf 'anna:CANARY:2' | base64
        #expect(ByteSearchText.holds("Authorization: Basic YW5uYTpDQU5BUlk6Mg==\r\n", server.requests[0]))
        #expect(result.outcome == .fail)
        #expect(!ByteSearchText.holds("CANARY", result.everything))
        #expect(!ByteSearchText.holds("anna", result.everything))
    }

    @Test("posts its body with a length, and over a connection of its own each time")
    func posts() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        let bench = try bench(server, #", "method": "POST", "body": "{\"a\":1}""#)

        _ = try bench.attempt()
        let result = try bench.attempt()

        #expect(result.outcome == .pass)
        #expect(ByteSearchText.holds("Content-Length: 7\r\n", server.requests[0]))
        #expect(server.requests[0].hasSuffix("\r\n\r\n{\"a\":1}"))
        #expect(server.accepted == 2)
    }

    @Test(
        "judges the status by its classes",
        arguments: [
            (200, Outcome.pass), (204, .pass), (304, .warn), (404, .warn), (500, .fail), (503, .fail),
        ])
    func status(_ code: Int, _ outcome: Outcome) throws {
        let answer = Array(
            "HTTP/1.1 \(code) X\r\n\(code == 204 || code == 304 ? "" : "Content-Length: 0\r\n")\r\n".utf8)

        let result = try one(answer, #", "expect": {"status": ["2xx"], "warnStatus": ["300-499"]}"#)

        #expect(result.outcome == outcome)
        #expect(result.reason == (outcome == .pass ? nil : "http.status"))
        #expect(result.sample("probe_http_status_code") == Double(code))
    }

    @Test("finds text, pattern and JSON in the body")
    func body() throws {
        let json = #"{"status": "ok", "parts": [{"name": "a/b", "load": 1.50}], "n": null}"#
        let result = try one(
            WireAnswer.ok(json),
            #"""
            , "expect": {"bodyContains": "\"ok\"", "bodyMatches": "load\": [0-9.]+\\}",
              "json": {"/status": "ok", "/parts/0/load": 1.5, "/parts/0": {"load": 1.5, "name": "a/b"}, "/n": null}}
            """#)

        #expect(result.outcome == .pass)
        #expect(result.message.hasPrefix("200 in "))
    }

    @Test(
        "says which expectation of the body is not met",
        arguments: [
            (#"{"bodyContains": "fine"}"#, "http.body", "the body does not contain the expected text", 0.0),
            (#"{"bodyMatches": "^fine$"}"#, "http.body", "the body does not match the expected pattern", 1),
            (#"{"json": {"/status": "ok"}}"#, "http.json", #"/status is "bad", wanted "ok""#, 0),
            (#"{"json": {"/other": true}}"#, "http.json", "the body has no /other, wanted true", 0),
            (#"{"json": {"/status/0": 1}}"#, "http.json", "the body has no /status/0, wanted 1", 0),
        ])
    func unmet(_ expect: String, _ reason: String, _ sentence: String, _ regex: Double) throws {
        let result = try one(WireAnswer.ok(#"{"status": "bad"}"#), #", "expect": \#(expect)"#)

        #expect(result.outcome == .fail)
        #expect(result.reason?.code == reason)
        #expect(result.message.hasPrefix(sentence + " (200 in "))
        #expect(result.sample("probe_failed_due_to_regex") == regex)
    }

    @Test("does not take for JSON what is none")
    func notJSON() throws {
        let result = try one(WireAnswer.ok("{\n oops"), #", "expect": {"json": {"/a": 1}}"#)

        #expect(result.reason == "http.json")
        #expect(result.message.hasPrefix("the body is not JSON (line 2, column "))
    }

    @Test("does not repeat a secret that the server echoes")
    func echo() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok(#"{"token": "CANARY-3"}"#))] }
        let bench = try bench(
            server, #", "headers": {"X-Token": "CANARY-3"}, "expect": {"json": {"/token": "x"}}"#)

        let result = try bench.attempt()

        #expect(result.message.hasPrefix(#"/token is a string, wanted "x""#))
        #expect(!ByteSearchText.holds("CANARY", result.everything))
    }

    @Test("does not repeat what an echoed address may hold of a token either")
    func echoedAddress() throws {
        for path in ["/hooks/CANARY-0123456789", "/?key=CANARY-0123456789&x=1"] {
            let server = try WireServer { _, _ in
                [.send(WireAnswer.ok(#"{"url": "http://h\#(path)", "path": "/health"}"#))]
            }
            let bench = try WireBench(
                #"""
                {"type": "http", "url": "http://127.0.0.1:\#(server.port)\#(path)",
                 "expect": {"json": {"/url": "x", "/path": "y"}}}
                """#, keeping: server)

            let result = try bench.attempt()

            #expect(result.message.contains(#"/url is a string, wanted "x"; /path is "/health", wanted "y""#))
            #expect(!ByteSearchText.holds("CANARY", result.everything))
        }
    }

    @Test("warns and fails by latency")
    func latency() throws {
        // Byte by byte it takes half a second and more.
        let server = try WireServer { _, _ in [.drip(WireAnswer.ok())] }
        let warned = try bench(server, #", "warnLatency": "50ms", "failLatency": "1h""#).attempt()
        let failed = try bench(server, #", "warnLatency": "50ms", "failLatency": "200ms""#).attempt()

        #expect(warned.outcome == .warn)
        #expect(warned.reason == "slow")
        #expect(failed.outcome == .fail)
        #expect(failed.reason == "slow")
    }

    @Test("reads an endless body only as far as the bound and is not held up by it")
    func endless() throws {
        let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 0x61, count: 4096) + Array("\r\n".utf8)
        let server = try WireServer { _, _ in
            [.send(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)), .endless(chunk)]
        }

        let result = try bench(server, #", "expect": {"bodyContains": "aaa"}"#).attempt()

        #expect(result.outcome == .pass)
        #expect(result.fact("body_truncated") == .boolean(true))
        #expect(result.fact("body_bytes") == .integer(65_536))
        #expect(result.sample("probe_http_content_length") == -1)
        #expect(result.duration < .seconds(4))
        #expect(server.becomesIdle())
    }

    @Test("says that only the beginning of a long body was looked at")
    func truncated() throws {
        let long = String(repeating: "x", count: 70_000) + "needle"
        let contains = try one(WireAnswer.ok(long), #", "expect": {"bodyContains": "needle"}"#)
        let json = try one(WireAnswer.ok(long), #", "expect": {"json": {"": 1}}"#)
        let fits = try one(
            WireAnswer.ok(String(repeating: "x", count: 65_530) + "needle"),
            #", "expect": {"bodyContains": "needle"}"#)

        #expect(contains.message.hasPrefix("the first 64 KiB of the body does not contain"))
        #expect(json.message.hasPrefix("the body is longer than the 64 KiB"))
        #expect(fits.outcome == .pass)
        #expect(fits.fact("body_truncated") == nil)
    }

    @Test("unpacks what it did not ask for, in all three formats", arguments: [31, 15, -15])
    func packed(_ format: Int32) throws {
        let body = try deflated(Array("all is well".utf8), format)

        let result = try one(
            WireAnswer.packed(body, format == 31 ? "gzip" : "deflate"),
            #", "expect": {"bodyContains": "all is well"}"#)

        #expect(result.outcome == .pass)
        #expect(result.fact("body_bytes") == .integer(11))
    }

    @Test("unpacks a bomb only as far as the bound")
    func bomb() throws {
        let bomb = try deflated([UInt8](repeating: 0, count: 10_000_000), 31)
        try #require(bomb.count < 20_000)

        let result = try one(WireAnswer.packed(bomb, "gzip"))

        #expect(result.outcome == .pass)
        #expect(result.fact("body_bytes") == .integer(65_536))
        #expect(result.fact("body_truncated") == .boolean(true))
    }

    @Test("does not judge a body that it cannot unpack")
    func foreign() throws {
        let expect = #", "expect": {"bodyContains": "x"}"#
        let brotli = try one(WireAnswer.packed([1, 2, 3], "br"), expect)
        let broken = try one(WireAnswer.packed(Array("not gzip at all".utf8), "gzip"), expect)
        let unasked = try one(WireAnswer.packed([1, 2, 3], "br"))

        #expect(brotli.reason == "http.encoding")
        #expect(broken.reason == "http.encoding")
        #expect(unasked.outcome == .pass)
    }

    @Test(
        "calls an answer malformed that is not HTTP",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ])
    func malformed(_ answer: String) throws {
        let result = try one(Array(answer.utf8))

        #expect(result.outcome == .fail)
        #expect(result.reason == "http.malformed")
    }

    @Test(
        "bounds the head of an answer",
        arguments: [
            "X-Long: " + String(repeating: "x", count: 66_000) + "\r\n",
            (0..<200).map { "X-\($0): " + String(repeating: "y", count: 400) + "\r\n" }.joined(),
        ])
    func headers(_ fields: String) throws {
        let result = try one(WireAnswer.ok("ok", fields))

        #expect(result.outcome == .fail)
        #expect(result.reason == "http.headers")
    }

    @Test("bounds a head that never ends, and one of endless interim answers")
    func endlessHead() throws {
        for (first, piece) in [("HTTP/1.1 200 OK\r\n", "X: y\r\n"), ("", "HTTP/1.1 100 Continue\r\n\r\n")] {
            let server = try WireServer { _, _ in [.send(Array(first.utf8)), .endless(Array(piece.utf8))] }

            let result = try bench(server).attempt()

            #expect(result.outcome == .fail)
            #expect(result.reason == "http.headers")
            #expect(server.becomesIdle())
        }
    }

    @Test("reads to the end of the connection where no length is told")
    func untilClose() throws {
        let result = try one(
            Array("HTTP/1.0 200 OK\r\n\r\nthe whole".utf8), #", "expect": {"bodyMatches": "^the whole$"}"#,
            closing: true)

        #expect(result.outcome == .pass)
        #expect(result.sample("probe_http_version") == 1.0)
        #expect(result.sample("probe_http_content_length") == -1)
    }

    @Test("fails when the answer breaks off, and when there is none")
    func breaksOff() throws {
        let half = try one(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".utf8), closing: true)
        let server = try WireServer { _, _ in [.close] }
        let none = try bench(server).attempt()
        let rude = try WireServer { _, _ in [.reset] }
        let reset = try bench(rude).attempt()

        #expect(half.reason == "closed")
        #expect(half.message.hasSuffix("in the middle of its answer"))
        #expect(none.reason == "closed")
        #expect(none.message.hasSuffix("without an answer"))
        #expect(reset.reason == "reset")
        #expect(reset.sample("probe_http_status_code") == 0)
    }

    @Test("fails at once where nothing listens")
    func refused() throws {
        let server = try WireServer { _, _ in [] }
        let bench = try bench(server)
        try server.stop()

        let result = try bench.attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "refused")
        #expect(result.sample("probe_http_duration_seconds", "processing") == 0)
        #expect(result.sample("probe_http_content_length") == -1)
    }

    @Test("asks over a Unix socket, and says when there is none")
    func unix() throws {
        var template = Array("/tmp/vitald-http-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            unlink("\(directory)/s")
            rmdir(directory)
        }
        let bench = try WireBench(#"{"type": "http", "url": "unix:\#(directory)/s:/health"}"#)

        let missing = try bench.attempt()
        let server = try WireServer(unix: "\(directory)/s") { _, _ in [.send(WireAnswer.ok())] }
        let there = try bench.attempt()

        #expect(missing.reason == "missing")
        #expect(there.outcome == .pass)
        #expect(server.requests.first?.hasPrefix("GET /health HTTP/1.1\r\nHost: localhost\r\n") == true)
    }

    @Test("resolves names, trying the next address when one refuses")
    func names() throws {
        let server = try WireServer { _, _ in [.send(WireAnswer.ok())] }
        // The server listens on 127.0.0.1 alone; where localhost is ::1 too, that one refuses first.
        let bench = try WireBench(#"{"type": "http", "url": "http://localhost:\#(server.port)/"}"#)

        let result = try bench.attempt()

        #expect(result.outcome == .pass)
        #expect(result.phases.first?.phase == .resolve)
    }

    @Test("fails when a name does not resolve, and when it leads to a link-local address")
    func badNames() throws {
        let none = try WireBench(#"{"type": "http", "url": "http://no-such-name.invalid/"}"#).attempt()
        // getaddrinfo reads 2852039166 as 169.254.169.254, where clouds keep their credentials.
        let metadata = try WireBench(#"{"type": "http", "url": "http://2852039166/"}"#).attempt()

        #expect(none.outcome == .fail)
        #expect(none.reason == "dns.failed")
        #expect(metadata.outcome == .fail)
        #expect(metadata.reason == "dns.link_local")
    }

    private func deflated(_ bytes: [UInt8], _ format: Int32) throws -> [UInt8] {
        var stream = z_stream()
        try #require(vitald_deflateInit2(&stream, 9, format, 8) == Z_OK)
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 128)
        let code = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return deflate(&stream, Z_FINISH)
            }
        }
        try #require(code == Z_STREAM_END)
        return Array(output.prefix(Int(stream.total_out)))
    }
}
