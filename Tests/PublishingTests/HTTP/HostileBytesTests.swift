// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Publishing
import Testing
import Vitals

@Suite("Bytes from whoever connects")
struct HostileBytesTests {
    @Test(
        "what two parsers could read differently is refused with 400 and the connection ends",
        arguments: [
            "GET /livez HTTP/1.1\nHost: a\n\n",
            "GET /livez HTTP/1.1\r\nHost: a\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            "GET /livez HTTP/1.1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\nhello",
            "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0b}chunked\r\n\r\n",
            "BREW /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "get /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET ftp://a/livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/9.9\r\nHost: a\r\n\r\n",
            "GET /livez HTTQ/1.1\r\nHost: a\r\n\r\n",
            "GET /livez\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/1.1 \r\nHost: a\r\n\r\n",
            "GET\t/livez HTTP/1.1\r\nHost: a\r\n\r\n",
            " GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "PRI * HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
            "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}\r\n\r\n",
        ])
    func refused(_ bytes: String) throws {
        let house = try House()
        let client = try house.client()
        client.send(bytes + "GET /livez HTTP/1.1\r\nHost: smuggled\r\n\r\n")
        let answer = try client.answer()

        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.header("connection") == "close")
        #expect(try client.rest() == [])
        #expect(house.count("/livez", 200) == 0)
    }

    @Test(
        "a body is refused, and nothing behind it is taken for a request",
        arguments: [
            "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\n\r\n",
            "POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nX: b\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        ])
    func body(_ bytes: String) throws {
        let house = try House()
        let client = try house.client()
        client.send(bytes + "GET /livez HTTP/1.1\r\nHost: smuggled\r\n\r\n")
        let answer = try client.answer()

        #expect(answer.status == 413)
        #expect(try client.rest() == [])
        #expect(house.count("/livez", 200) == 0)
    }

    @Test("what is odd but lawful is served")
    func lawful() throws {
        let house = try House()
        for bytes in [
            "\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://somewhere:1/livez HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost:\r\n\r\n",
            "GET /livez?a=%zz&%41=b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /livez HTTP/1.1\r\nhOsT:a\r\nX:\tb\t\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "GET /livez HTTP/1.0\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        ] {
            let client = try house.client()
            client.send(bytes)
            let answer = try client.answer()
            #expect(answer.status == 200, "\(bytes) \(answer.text)")
        }
    }

    @Test("a head that comes byte by byte is one head")
    func dripped() throws {
        let house = try House()
        let client = try house.client()
        for byte in Array("\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n".utf8) { client.send([byte]) }

        #expect(try client.answer().status == 200)
    }

    @Test("a folded line is noticed even when its blank comes alone")
    func drippedFold() throws {
        let house = try House()
        let client = try house.client()
        client.send("GET /livez HTTP/1.1\r\nHost: a\r\n")
        #expect(house.reaches { house.server.connections == 1 })
        client.send(" b\r\n\r\n")

        #expect(try client.answer().status == 400)
    }

    @Test("any bytes at all leave the server standing")
    func random() throws {
        let house = try House()
        var seed: UInt64 = 0x5EED
        for _ in 0..<200 {
            let client = try house.client()
            var bytes: [UInt8] = Array("GET /livez?".utf8)
            for _ in 0..<64 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(UInt8(truncatingIfNeeded: seed >> 33))
            }
            client.send(bytes + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect([200, 400, 404, 413].contains(try client.answer().status))
        }
        #expect(try house.get("/livez").status == 200)
    }

    @Test("pipelined requests are answered in their order, slow ones included")
    func pipelined() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let client = try house.client()
        let paths = ["/livez", "/metrics", "/nowhere", "/readyz", "/metrics", "/healthz"]
        client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        #expect(try client.answer().text == "ok\n")
        #expect(house.reaches { kernel.waiting == 1 })
        #expect(house.count("/readyz", 200) == 0)
        kernel.release()

        #expect(try client.answer().text.contains("kernel_read_number 1"))
        #expect(try client.answer().status == 404)
        #expect(try client.answer().text == "ok\n")
        #expect(try client.answer().text.contains("kernel_read_number 2"))
        #expect(try client.answer().text == "ok\n")
    }

    @Test("thousands of requests in one breath neither overflow the stack nor lose one")
    func manyPipelined() throws {
        let house = try House()
        let client = try house.client()
        let count = 5000
        client.send(String(repeating: "GET /livez HTTP/1.1\r\nHost:a\r\n\r\n", count: count))
        for _ in 0..<count { #expect(try client.answer().status == 200) }

        #expect(house.count("/livez", 200) == Int64(count))
    }

    @Test("HTTP/1.0 ends after the answer unless it asks to be kept")
    func oldVersion() throws {
        let house = try House()
        let once = try house.client()
        once.send("GET /livez HTTP/1.0\r\n\r\n")
        let answer = try once.answer()
        #expect(answer.version == "HTTP/1.0")
        #expect(answer.header("connection") == "close")
        #expect(try once.rest() == [])

        let kept = try house.client()
        for _ in 0..<3 {
            kept.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try kept.answer().header("connection") == "keep-alive")
        }
    }

    @Test("Connection: close is kept")
    func close() throws {
        let house = try House()
        let client = try house.client()

        #expect(try client.get("/livez", "Connection: close\r\n").header("connection") == "close")
        #expect(try client.rest() == [])
    }

    @Test("a rule of the house is asked before the route")
    func rule() throws {
        struct OnlyLocalhost: RequestRule {
            func refusal(of request: HTTPRequestHead) -> HTTPAnswer? {
                request.headers.first(name: "host") == "localhost"
                    ? nil : HTTPAnswer(.forbidden, text: "403\n")
            }
        }
        let house = try House(rules: [OnlyLocalhost()])
        let client = try house.client()
        client.send("GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n")

        #expect(try client.answer().status == 403)
        #expect(try client.get("/livez").status == 200)
    }
}
