// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Publishing
import TestSupport
import Testing
import Vitals

@Suite("Bodies that clients send")
struct BodyTests {
    private static let json = "Content-Type: application/json\r\n"

    /// A house that takes bodies, and the path of its Unix socket, over which anyone may write.
    private func open(
        kernel: FakeKernel = FakeKernel(), rules: [any RequestRule] = [],
        limits: (inout HTTPLimits) -> Void = { _ in }
    ) throws -> (House, path: String) {
        let house = try House(
            kernel: kernel, routes: RouteCatalog.all + [EchoRoute.self, HeldEchoRoute.self], rules: rules,
            limits: limits)
        return (house, try house.listenLocally())
    }

    private func post(_ headers: String, _ target: String = "/echo") -> String {
        "POST \(target) HTTP/1.1\r\nHost: a\r\n\(headers)\r\n"
    }

    private func chunks(_ text: String, of size: Int) -> String {
        var (out, rest) = ("", Substring(text))
        while !rest.isEmpty {
            let piece = rest.prefix(size)
            out += String(piece.utf8.count, radix: 16) + "\r\n" + piece + "\r\n"
            rest = rest.dropFirst(size)
        }
        return out + "0\r\n\r\n"
    }

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let (code, output) = try Tool.run(["gzip", "-c"], bytes)
        try #require(code == 0)
        return output
    }

    @Test("a body arrives whole: by length, in chunks, compressed, and both at once")
    func whole() throws {
        let (house, path) = try open()
        let text = (0..<2000).map { "line \($0)" }.joined(separator: ",")
        let packed = try gzip(Array(text.utf8))
        let bodies: [(String, [UInt8])] = [
            ("Content-Length: \(text.utf8.count)\r\n", Array(text.utf8)),
            ("Transfer-Encoding: chunked\r\n", Array(chunks(text, of: 700).utf8)),
            ("Transfer-Encoding: Chunked\r\n", Array(chunks(text, of: 1).utf8)),
            ("Content-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n", packed),
            ("Content-Encoding: x-gzip, identity\r\nContent-Length: \(packed.count)\r\n", packed),
            (
                "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                Array("\(String(packed.count, radix: 16));a=\"b\"\r\n".utf8) + packed
                    + Array("\r\n0\r\n\r\n".utf8)
            ),
        ]
        let client = try RawClient(path: path)

        for (headers, body) in bodies {
            client.send(Array(post(Self.json + headers).utf8) + body)
            let answer = try client.answer()
            #expect(answer.status == 200, "\(headers) \(answer.text)")
            #expect(answer.text == text, "\(headers)")
        }
        #expect(house.count("/echo", 200) == Int64(bodies.count))
    }

    @Test("a body that comes byte by byte is the same body", arguments: [true, false])
    func dripped(_ isChunked: Bool) throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        let body = isChunked ? "3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n" : "abcd"
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 4\r\n"

        for byte in Array((post(Self.json + framing) + body).utf8) {
            client.send([byte])
            try house.settle()
        }

        #expect(try client.answer().text == "abcd")
    }

    @Test("a request without a body needs no type, and one of length 0 has none")
    func empty() throws {
        let (house, path) = try open()
        defer { withExtendedLifetime(house) {} }
        let client = try RawClient(path: path)

        for headers in ["", "Content-Length: 0\r\n", "Content-Length: 0\r\nContent-Type: text/html\r\n"] {
            client.send(post(headers))
            let answer = try client.answer()
            #expect(answer.status == 200 && answer.body == [], "\(headers)")
        }
    }

    @Test("requests behind bodies are answered in their order, slow ones included")
    func pipelined() throws {
        let kernel = FakeKernel(isHeld: true)
        let (house, path) = try open(kernel: kernel)
        let client = try RawClient(path: path)
        client.send(
            post(Self.json + "Content-Length: 3\r\n") + "one"
                + post(Self.json + "Transfer-Encoding: chunked\r\n", "/held") + chunks("GET /livez", of: 4)
                + "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" + post(Self.json + "Content-Length: 4\r\n")
                + "four"
                + "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().text == "one")
        #expect(house.reaches { kernel.waiting == 1 })
        #expect(house.count("/livez", 200) == 0)
        kernel.release()

        #expect(try client.answer().text == "GET /livez")
        #expect(try client.answer().text == "ok\n")
        #expect(try client.answer().text == "four")
        #expect(try client.answer().status == 404)
    }

    @Test("wherever the bytes are cut, the answers are the same, in the same order", arguments: 0..<40)
    func everyCut(_ seed: UInt64) throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        let packed = try gzip(Array("packed".utf8))
        var bytes = Array((post(Self.json + "Content-Length: 4\r\n") + "one\n").utf8)
        bytes += Array("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        bytes += Array((post(Self.json + "Transfer-Encoding: chunked\r\n") + chunks("0\r\n\r\n", of: 2)).utf8)
        bytes += Array(post(Self.json + "Content-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n").utf8)
        bytes += packed + Array(post("").utf8) + Array("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        // A linear congruential generator (Knuth): the same cuts in every run.
        var state = seed
        var rest = bytes[...]
        while !rest.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let piece = rest.prefix(Int(state >> 33) % (seed < 20 ? 8 : 90) + 1)
            client.send(Array(piece))
            rest = rest.dropFirst(piece.count)
            try house.settle()
        }

        #expect(try client.answer().text == "one\n")
        #expect(try client.answer().text == "ok\n")
        #expect(try client.answer().text == "0\r\n\r\n")
        #expect(try client.answer().text == "packed")
        #expect(try client.answer().body == [])
        #expect(try client.answer().status == 404)
    }

    @Test("thousands of bodies in one breath neither overflow the stack nor lose one")
    func manyPipelined() throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        let count = 2000
        client.send(
            String(repeating: post(Self.json + "Content-Length: 2\r\n") + "ab", count: count))
        for _ in 0..<count { #expect(try client.answer().text == "ab") }

        #expect(house.count("/echo", 200) == Int64(count))
    }

    @Test(
        "a body that cannot be told from what is behind it is refused, and nothing behind it is served",
        arguments: [
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n", 400),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", "hello", 400),
            ("Content-Length: 5, 5\r\n", "hello", 400),
            ("Content-Length: +5\r\n", "hello", 400),
            ("Content-Length: 0x5\r\n", "hello", 400),
            ("Content-Length: 9999999999999999999\r\n", "hello", 400),
            ("Transfer-Encoding: identity\r\n", "", 501),
            ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", 501),
            ("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400),
            ("Transfer-Encoding:\r\n", "", 501),
            ("Transfer-Encoding: chunked\r\n", "x\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "0x1\r\na\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", " 1\r\na\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1\na\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1\r\na\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1;a\nb\r\na\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nX: y\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "000000001\r\na\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\na\r\n0\r\n\r\n", 400),
            ("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello", 400),
            ("Content-Encoding: deflate\r\nContent-Length: 5\r\n", "hello", 415),
            ("Content-Encoding: gzip, gzip\r\nContent-Length: 5\r\n", "hello", 415),
            ("Content-Encoding: br\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 415),
            ("Content-Length: 100001\r\n", "hello", 413),
            ("Expect: a miracle\r\nContent-Length: 5\r\n", "hello", 417),
        ])
    func refused(_ headers: String, _ body: String, _ status: Int) throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        client.send(
            post(Self.json + headers) + body
                + String(repeating: "GET /livez HTTP/1.1\r\nHost: smuggled\r\n\r\n", count: 3))
        let answer = try client.answer()

        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.header("connection") == "close")
        if status == 415 { #expect(answer.header("accept-encoding") == "gzip") }
        #expect(try client.rest() == [])
        #expect(house.count("/livez", 200) == 0)
        #expect(house.count("/echo", 200) == 0)
    }

    @Test(
        "a body is taken only of the types of its route, and where there is one at all",
        arguments: [
            ("POST /echo", "", 415), ("POST /echo", "Content-Type: text/html\r\n", 415),
            ("POST /echo", "Content-Type: application/json\r\nContent-Type: application/json\r\n", 415),
            ("POST /echo", "Content-Type: application/jsonp\r\n", 415),
            ("GET /echo", json, 413), ("POST /nowhere", json, 404), ("PUT /echo", json, 413),
            ("POST /livez", json, 413),
        ])
    func types(_ line: String, _ type: String, _ status: Int) throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        client.send(
            "\(line) HTTP/1.1\r\nHost: a\r\n\(type)Content-Length: 5\r\n\r\nhello"
                + "GET /livez HTTP/1.1\r\nHost: smuggled\r\n\r\n")

        #expect(try client.answer().status == status)
        #expect(try client.rest() == [])
        #expect(house.count("/livez", 200) == 0)
        let plain = try RawClient(path: path)
        plain.send(post("Content-Type: Text/Plain;charset=utf-8\r\nContent-Length: 5\r\n") + "hello")
        #expect(try plain.answer().text == "hello")
    }

    @Test("a body of the bound is taken, one byte more is refused, whatever way it comes")
    func bound() throws {
        let (house, path) = try open()
        let longest = String(repeating: "x", count: EchoRoute.limit)
        let zeros = [UInt8](repeating: 0, count: EchoRoute.limit)
        let taken: [(String, [UInt8])] = [
            ("Content-Length: \(EchoRoute.limit)\r\n", Array(longest.utf8)),
            ("Transfer-Encoding: chunked\r\n", Array(chunks(longest, of: 4000).utf8)),
            ("Content-Encoding: gzip\r\nContent-Length: ", try gzip(zeros)),
        ]
        let refused: [(String, [UInt8])] = [
            ("Transfer-Encoding: chunked\r\n", Array(chunks(longest + "x", of: 4000).utf8)),
            ("Content-Encoding: gzip\r\nContent-Length: ", try gzip(zeros + [0])),
            (
                "Content-Encoding: gzip\r\nContent-Length: ",
                try gzip([UInt8](repeating: 0, count: 30_000_000))
            ),
        ]

        for (headers, body) in taken {
            let client = try RawClient(path: path)
            client.send(
                Array(post(Self.json + headers + (headers.hasSuffix(" ") ? "\(body.count)\r\n" : "")).utf8)
                    + body)
            #expect(try client.answer().body.count == EchoRoute.limit, "\(headers)")
        }
        for (headers, body) in refused {
            let client = try RawClient(path: path)
            client.send(
                Array(post(Self.json + headers + (headers.hasSuffix(" ") ? "\(body.count)\r\n" : "")).utf8)
                    + body)
            #expect(try client.answer().status == 413, "\(headers)")
            #expect(try client.rest() == [])
        }
        #expect(house.count("/echo", 413) == 3)
    }

    @Test("gzip of several members is one body; a cut one, a wrong length and what follows it are refused")
    func members() throws {
        let (house, path) = try open()
        defer { withExtendedLifetime(house) {} }
        let (one, two) = (try gzip(Array("one ".utf8)), try gzip(Array("two".utf8)))
        func send(_ body: [UInt8]) throws -> RawClient.Answer {
            let client = try RawClient(path: path)
            let headers = Self.json + "Content-Encoding: gzip\r\nContent-Length: \(body.count)\r\n"
            client.send(Array(post(headers).utf8) + body)
            return try client.answer()
        }
        var wrong = one
        wrong[wrong.count - 4] ^= 1

        #expect(try send(one + two).text == "one two")
        #expect(try send(one.dropLast()).status == 400)
        #expect(try send(wrong).status == 400)
        #expect(try send(one + [1, 2, 3]).status == 400)
        #expect(try send(one).text == "one ")
    }

    @Test("whoever waits to be asked for the body is asked, once the request is let in")
    func expected() throws {
        let (house, path) = try open()
        defer { withExtendedLifetime(house) {} }
        let client = try RawClient(path: path)
        client.send(post(Self.json + "Expect: 100-Continue\r\nContent-Length: 5\r\n"))

        #expect(try client.answer(isHead: true).status == 100)
        client.send("hello")
        #expect(try client.answer().text == "hello")

        let old = try RawClient(path: path)
        old.send(
            "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\n\(Self.json)Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
        )
        #expect(try old.answer().text == "hello", "HTTP/1.0 knows no 100")
    }

    @Test("a body has the time of its request, and then it is refused with 408")
    func slow() throws {
        let (house, path) = try open { $0.requestTime = .milliseconds(100) }
        let client = try RawClient(path: path)
        client.send(post(Self.json + "Content-Length: 5\r\n") + "hel")

        #expect(try client.answer().status == 408)
        #expect(try client.rest() == [])
        #expect(house.count("/echo", 408) == 1)
    }

    @Test("a client that ends within its body is told so, and its body is not used")
    func cutOff() throws {
        let (house, path) = try open()
        let client = try RawClient(path: path)
        client.send(post(Self.json + "Content-Length: 5\r\n") + "hel")
        client.endSending()

        #expect(try client.answer().status == 400)
        #expect(house.count("/echo", 200) == 0)
        let whole = try RawClient(path: path)
        whole.send(post(Self.json + "Content-Length: 5\r\n") + "hello")
        whole.endSending()
        #expect(try whole.answer().text == "hello")
    }

    @Test(
        "all bodies together hold no more than their bound; beyond it is 503, until one of them is answered")
    func budget() throws {
        let kernel = FakeKernel(isHeld: true)
        let (house, path) = try open(kernel: kernel) { $0.bodies = 150_000 }
        let body = String(repeating: "x", count: 90_000)
        let held = try RawClient(path: path)
        held.send(post(Self.json + "Content-Length: 90000\r\n", "/held") + body)
        #expect(house.reaches { kernel.waiting == 1 })

        let refused = try RawClient(path: path)
        refused.send(post(Self.json + "Content-Length: 90000\r\n") + body)
        let answer = try refused.answer()
        #expect(answer.status == 503)
        #expect(answer.header("retry-after") == "1")
        #expect(house.dropped("http_request", "bodies") == 1)
        kernel.release()
        #expect(try held.answer().body.count == 90_000)
        let next = try RawClient(path: path)
        next.send(post(Self.json + "Content-Length: 90000\r\n") + body)
        #expect(try next.answer().body.count == 90_000)
    }

    @Test("a body that is not read ends the connection, whatever rule refused its request")
    func rule() throws {
        struct Refusing: RequestRule {
            func refusal(of request: HTTPRequestHead) -> HTTPAnswer? { HTTPAnswer(.forbidden, text: "403\n") }
        }
        let (house, path) = try open(rules: [Refusing()])
        let client = try RawClient(path: path)
        client.send(
            post(Self.json + "Content-Length: 42\r\n") + "GET /livez HTTP/1.1\r\nHost: smuggled\r\n\r\n")

        #expect(try client.answer().header("connection") == "close")
        #expect(try client.rest() == [])
        #expect(house.count("other", 403) == 1)
    }

    @Test("names in a path are decoded, and stand for one segment that is not empty")
    func parameters() throws {
        let (house, path) = try open()
        defer { withExtendedLifetime(house) {} }
        let client = try RawClient(path: path)

        #expect(try client.get("/echo/a%2fb%C3%A9/twice?x").text == "a/béa/bé")
        for target in [
            "/echo//twice", "/echo/a%2/twice", "/echo/%ff/twice", "/echo/a/b/twice", "/echo/a",
            "/echo/a/Twice",
        ] {
            #expect(try client.get(target).status == 404, "\(target)")
        }
        client.send("DELETE /echo/a/twice HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().header("allow") == "GET, HEAD, POST")
    }
}
