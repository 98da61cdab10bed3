// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Testing
import Vitals

@Suite("Scrapes")
struct ScrapeTests {
    private let openMetrics = "Accept: application/openmetrics-text;version=1.0.0\r\n"
    private let missing = #"vitald_collector_success{collector="kernel"} 0"#

    @Test(
        "the page is clean in both formats, with and without gzip, and says what it is",
        arguments: [false, true], [false, true])
    func page(_ isOpenMetrics: Bool, _ gzip: Bool) throws {
        let house = try House()
        let headers = (isOpenMetrics ? openMetrics : "") + (gzip ? "Accept-Encoding: gzip\r\n" : "")
        let client = try house.client()
        let answer = try client.get("/metrics", headers)
        let text = gzip ? try Gunzip.unpack(ByteBuffer(bytes: answer.body)) : answer.text
        let check = ExpositionCheck(text, openMetrics: isOpenMetrics)

        #expect(answer.status == 200)
        #expect(check.faults == [])
        #expect(check.samples["kernel_read_number"] == "1")
        #expect(check.samples[#"vitald_status{status="healthy"}"#] == "1")
        #expect(check.samples["vitald_http_connections"] == "1")
        #expect(answer.header("vary") == "Accept, Accept-Encoding")
        #expect(answer.header("content-encoding") == (gzip ? "gzip" : nil))
        #expect(
            answer.header("content-type")
                == (isOpenMetrics ? PageFormat.openMetrics : .text).contentType)
    }

    @Test("HEAD announces the compressed length and sends no byte of it")
    func head() throws {
        let house = try House(kernel: FakeKernel(samples: 500))
        let client = try house.client()
        let head = try client.get("/metrics", "Accept-Encoding: gzip\r\n", method: "HEAD")
        let next = try client.get("/livez")

        #expect(head.header("content-encoding") == "gzip")
        #expect((head.header("content-length").flatMap(Int.init) ?? 0) > 100)
        #expect((head.header("content-length").flatMap(Int.init) ?? .max) < 20_000)
        #expect(next.text == "ok\n")
    }

    @Test("scrapes that wait together share one read; one that comes during a read gets the next")
    func shared() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let first = try (0..<10).map { _ in try house.client() }
        for client in first { client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(house.reaches { house.server.connections == 10 })
        let text = try house.client()
        text.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\(openMetrics)\r\n")
        #expect(house.reaches { kernel.waiting == 2 })
        kernel.release()

        for client in first { #expect(try client.answer().text.contains("kernel_read_number 1\n")) }
        #expect(try text.answer().text.contains("kernel_read_number 2\n"))
        #expect(try house.get("/metrics").text.contains("kernel_read_number 3\n"))
    }

    @Test("concurrent scrapes each get a complete page while containers come and go")
    func concurrent() throws {
        let kernel = FakeKernel(samples: 1000)
        let house = try House(kernel: kernel)
        let clients = try (0..<20).map { _ in try house.client() }
        for round in 0..<10 {
            for (number, client) in clients.enumerated() {
                let accept = number % 2 == 0 ? openMetrics : ""
                client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\(accept)\r\n")
                kernel.resize((round * 37 + number * 101) % 1500 + 1)
            }
            for (number, client) in clients.enumerated() {
                let answer = try client.answer()
                let check = ExpositionCheck(answer.text, openMetrics: number % 2 == 0)
                let cpu = check.samples.keys.count { $0.hasPrefix("container_cpu") }
                let network = check.samples.keys.count { $0.hasPrefix("container_network") }
                #expect(check.faults == [])
                #expect(cpu > 0 && cpu == network)
            }
        }
    }

    @Test("a scrape beyond the bound gets 503 with Retry-After, and there is room when others are done")
    func bound() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel) { $0.scrapes = 4 }
        let held = try (0..<4).map { _ in try house.client() }
        for client in held { client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
        let board = house.server
        #expect(house.reaches { board.connections == 4 && kernel.waiting == 1 })
        let client = try house.client()
        var refused = try client.get("/livez")
        refused = try client.get("/metrics")

        #expect(refused.status == 503)
        #expect(refused.header("retry-after") == "1")
        kernel.release()
        for client in held { #expect(try client.answer().status == 200) }
        #expect(try client.get("/metrics").status == 200)
    }

    @Test("when the lane hangs, the page comes in time without the kernel and says so")
    func hung() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel)
        let began = NIODeadline.now()
        let answer = try house.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n")
        let took = NIODeadline.now() - began

        #expect(answer.status == 200)
        #expect(answer.text.contains(missing))
        #expect(answer.text.contains(#"vitald_status{status="healthy"} 1"#))
        #expect(answer.text.contains("vitald_scrapes_without_kernel_total 1"))
        #expect(!answer.text.contains("kernel_read_number"))
        #expect(ExpositionCheck(answer.text, openMetrics: false).faults == [])
        #expect(took >= .milliseconds(100))
        #expect(took < .seconds(5))
        for _ in 0..<20 {
            #expect(
                try house.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 0.01\r\n").text.contains(
                    missing))
        }
        #expect(kernel.waiting == 1)
        #expect(try house.get("/livez").status == 200)

        kernel.release()
        #expect(try house.get("/metrics").text.contains("kernel_read_number"))
    }

    @Test(
        "a scrape timeout that is no positive number is as good as none",
        arguments: ["bad", "-1", "0", "inf", "nan", "1e400", "", "0x10"])
    func badTimeout(_ header: String) throws {
        let house = try House()
        let answer = try house.get("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: \(header)\r\n")

        #expect(answer.status == 200)
        #expect(answer.text.contains("kernel_read_number 1"))
    }

    @Test("a client that goes away during its scrape frees its place")
    func gone() throws {
        let kernel = FakeKernel(isHeld: true)
        let house = try House(kernel: kernel) {
            $0.scrapes = 1
            $0.requestTime = .milliseconds(400)
        }
        var client: RawClient? = try house.client()
        client?.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(house.reaches { kernel.waiting == 1 })
        client = nil
        #expect(house.reaches { house.server.connections == 0 })
        kernel.release()

        #expect(house.reaches { kernel.reads == 1 })
        // Its page is on the way from the lane to the loop, where it will find nobody.
        var statuses: [Int] = []
        while statuses.last != 200, statuses.count < 1000 {
            statuses.append(try house.get("/metrics").status)
        }
        #expect(statuses.last == 200)
    }

    @Test("the page follows the report")
    func follows() throws {
        let house = try House()
        #expect(try house.get("/metrics").text.contains(#"vitald_status{status="healthy"} 1"#))
        house.show([ReportSample.check("db", "postgres", .unhealthy)])

        #expect(try house.get("/metrics").text.contains(#"vitald_status{status="unhealthy"} 1"#))
    }
}
