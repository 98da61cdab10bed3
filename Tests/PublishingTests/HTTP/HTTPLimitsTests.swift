// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOHTTP1
import Publishing
import Synchronization
import TestSupport
import Testing
import Vitals

@Suite("The bounds of the HTTP server")
struct HTTPLimitsTests {
    /// Counts requests.
    private final class Counter: RequestRule {
        let requests = Atomic<Int>(0)

        func refusal(of request: HTTPRequestHead) -> HTTPAnswer? {
            requests.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
    }

    private func head(of bytes: Int) -> String {
        let frame = "GET /livez HTTP/1.1\r\nHost: a\r\n" + "\r\n"
        let line = "X-Filler: \(String(repeating: "x", count: 990))\r\n"
        var filler = ""
        while frame.utf8.count + filler.utf8.count + line.utf8.count + 16 <= bytes { filler += line }
        let left = bytes - frame.utf8.count - filler.utf8.count - 5
        filler += "Y: \(String(repeating: "y", count: left))\r\n"
        return "GET /livez HTTP/1.1\r\nHost: a\r\n" + filler + "\r\n"
    }

    @Test("the bounds are those that are written down")
    func defaults() {
        let limits = HTTPLimits()

        #expect(limits.connections == 256)
        #expect(limits.scrapes == 40)
        #expect(limits.headBytes == 65_536)
        #expect(limits.headFields == 256)
        #expect(limits.headTime == .seconds(5))
        #expect(limits.requestTime == .seconds(10))
        #expect(limits.idleTime == .seconds(60))
    }

    @Test("a head of 64 KiB is taken, one byte more is refused with 431")
    func headBytes() throws {
        let house = try House()
        let longest = head(of: 65_536)
        #expect(longest.utf8.count == 65_536)
        let taken = try house.client()
        taken.send(longest)
        #expect(try taken.answer().status == 200)

        let refused = try house.client()
        refused.send(head(of: 65_537))
        #expect(try refused.answer().status == 431)
        #expect(try refused.rest() == [])
    }

    @Test("a head of 256 fields is taken, one more is refused with 431")
    func headFields() throws {
        let house = try House()
        func head(_ fields: Int) -> String {
            "GET /livez HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: b\r\n", count: fields - 1) + "\r\n"
        }
        let taken = try house.client()
        taken.send(head(256))
        #expect(try taken.answer().status == 200)

        let refused = try house.client()
        refused.send(head(257))
        let answer = try refused.answer()
        #expect(answer.status == 431)
        #expect(answer.text.hasPrefix("431: the request's head has more than 256 fields."))
        #expect(answer.header("connection") == "close")
        #expect(try refused.rest() == [])
    }

    @Test(
        "a head that never ends is refused at the bound, whatever it is made of",
        arguments: ["GET /", "\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: "])
    func endless(_ beginning: String) throws {
        let house = try House()
        let client = try house.client()
        client.send(beginning)
        let filler = beginning == "\r\n" ? "\r\n" : "aa"
        _ = client.send(String(repeating: filler, count: 200_000))

        #expect(try client.answer().status == 431)
    }

    @Test("a head that comes too slowly gets 408, and the connection ends")
    func slowHead() throws {
        let house = try House { $0.headTime = .milliseconds(50) }
        let client = try house.client()
        client.send("GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow")

        #expect(try client.answer().status == 408)
        #expect(try client.rest() == [])
        #expect(house.reaches { house.server.connections == 0 })
    }

    @Test("slow heads hold nobody else up")
    func manySlowHeads() throws {
        let house = try House { $0.headTime = .milliseconds(300) }
        let slow = try (0..<50).map { _ in try house.client() }
        for client in slow { client.send("GET / HTTP/1.1\r\n") }

        #expect(try house.get("/livez").status == 200)
        for client in slow { #expect(try client.answer().status == 408) }
    }

    @Test("a connection that says nothing is ended after its idle time, without a word")
    func idle() throws {
        let house = try House { $0.idleTime = .milliseconds(50) }
        let silent = try house.client()
        let once = try house.client()
        #expect(try once.get("/livez").status == 200)

        #expect(try silent.rest() == [])
        #expect(try once.rest() == [])
    }

    @Test("a client that does not read its page is cut when the request's time is up, and its scrape is over")
    func slowReader() throws {
        let kernel = FakeKernel(samples: 100_000)
        let house = try House(kernel: kernel) {
            $0.requestTime = .milliseconds(1500)
            // A machine with large buffers may take the whole page off our hands.
            $0.idleTime = .milliseconds(1500)
            $0.scrapes = 1
        }
        let client = try house.client()
        client.shrinkReceiveBuffer()
        client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(house.reaches { kernel.reads == 1 })
        #expect(try house.get("/metrics").status == 503)

        #expect(house.reaches { house.server.connections == 0 })
        kernel.resize(1)
        #expect(try house.get("/metrics").status == 200)
    }

    @Test(
        "a connection beyond those that are being answered gets 503, and there is room when one of them is done"
    )
    func connections() throws {
        let kernel = FakeKernel(isHeld: true)
        let counter = Counter()
        let house = try House(kernel: kernel, rules: [counter]) { $0.connections = 3 }
        let held = try (0..<3).map { _ in try house.client() }
        for client in held { client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(house.reaches { counter.requests.load(ordering: .relaxed) == 3 })

        let refused = try house.client()
        let answer = try refused.answer()
        #expect(answer.status == 503)
        #expect(answer.header("retry-after") == "1")
        #expect(try refused.rest() == [])
        #expect(house.server.connections == 3)

        kernel.release()
        for client in held { #expect(try client.answer().status == 200) }
        #expect(try house.get("/livez").status == 200)
    }

    @Test("a flood on the Unix socket leaves room over TCP")
    func unixFlood() throws {
        let path = Tool.scratchPath(".sock")
        defer { unlink(path) }
        let house = try House { $0.unixConnections = 1 }
        _ = try house.server.listen(on: SocketAddress(unixDomainSocketPath: path)).wait()
        let flood = try RawClient(path: path)
        #expect(try flood.get("/livez").status == 200)

        #expect(try RawClient(path: path).answer().status == 503)
        #expect(try house.get("/livez").status == 200)
    }

    @Test("a flood over TCP leaves room on the Unix socket")
    func reserve() throws {
        let path = Tool.scratchPath(".sock")
        defer { unlink(path) }
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel) { $0.connections = 1 }
        _ = try house.server.listen(on: SocketAddress(unixDomainSocketPath: path)).wait()
        let flood = try house.client()
        flood.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(house.reaches { kernel.waiting == 1 })

        #expect(try house.client().answer().status == 503)
        #expect(try RawClient(path: path).get("/livez").status == 200)
        kernel.release()
        #expect(try flood.answer().status == 200)
    }

    @Test("a descriptor that is bound already is served")
    func descriptor() throws {
        let path = Tool.scratchPath(".sock")
        defer { unlink(path) }
        let bound = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(bound, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(code == 0)
        let house = try House()
        _ = try house.server.listen(descriptor: bound, isUnixSocket: true).wait()

        #expect(try RawClient(path: path).get("/livez").status == 200)
    }

    @Test("draining ends idle connections at once and lets a request in flight finish")
    func drain() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let idle = try house.client()
        #expect(try idle.get("/livez").status == 200)
        let busy = try house.client()
        busy.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(house.reaches { kernel.waiting == 1 })
        let drained = house.server.drain(within: .seconds(30))

        #expect(try idle.rest() == [])
        #expect(throws: RawClient.Failure.self) { try house.client().get("/livez") }
        kernel.release()
        let answer = try busy.answer()
        #expect(answer.text.contains("kernel_read_number"))
        #expect(answer.header("connection") == "close")
        #expect(try busy.rest() == [])
        try drained.wait()
        #expect(house.server.connections == 0)
        try house.server.drain(within: .seconds(1)).wait()
    }

    @Test("a connection that has just come is answered while draining; one that stays silent is let go")
    func drainArrivals() throws {
        let house = try House()
        let fresh = try house.client()
        let silent = try house.client()
        #expect(house.reaches { house.server.connections == 2 })

        let drained = house.server.drain(within: .seconds(30))
        try house.settle()
        fresh.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try fresh.answer().header("connection") == "close")
        #expect(try silent.rest() == [])
        try drained.wait()
    }

    @Test("a kept connection whose next request is there already is answered while draining")
    func drainKept() throws {
        let house = try House(limits: { $0.lastTime = .hours(1) })
        let kept = try house.client()
        #expect(try kept.get("/livez").status == 200)

        let drained = house.server.drain(within: .seconds(3600))
        try house.settle()
        kept.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try kept.answer().status == 200)
        try drained.wait()
    }

    @Test("a client that ends its side behind its request still gets a page that takes a while")
    func halfClosed() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let client = try house.client()

        client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endSending()
        #expect(house.reaches { kernel.waiting == 1 })
        kernel.release()

        #expect(try client.answer().status == 200)
        #expect(try client.rest() == [])
        #expect(house.reaches { house.server.connections == 0 })
    }

    @Test("what does not finish in time is cut")
    func drainInTime() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let busy = try house.client()
        busy.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(house.reaches { kernel.waiting == 1 })

        try house.server.drain(within: .milliseconds(50)).wait()
        #expect(try busy.rest() == [])
        #expect(house.server.connections == 0)
    }
}
