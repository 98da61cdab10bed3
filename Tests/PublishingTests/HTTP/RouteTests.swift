// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Publishing
import Testing
import Vitals

@Suite("The routes")
struct RouteTests {
    /// Routes that answer GET with a whole page.
    private static let pages = RouteCatalog.all.filter {
        $0.methods.contains(.GET) && $0.paths != ["/api/v1/events"]
    }

    private let pending = ReportSample.check("db", "postgres", .unknown, phase: .pending)

    /// An answer's JSON, read with our own strict reader.
    private func json(_ answer: RawClient.Answer) throws -> JSONValue {
        try JSONDocument(parsing: answer.body).root
    }

    @Test(
        "every page of the catalog answers GET and HEAD alike, and refuses the rest",
        arguments: pages.flatMap { $0.paths })
    func contract(_ path: String) throws {
        let house = try House()
        let client = try house.client()
        let get = try client.get(path)
        let head = try client.get(path, method: "HEAD")

        #expect(get.status == 200)
        #expect(head.status == get.status)
        // The metrics page counts the request before it: its length moves by itself.
        if path != "/metrics" { #expect(head.header("content-length") == get.header("content-length")) }
        #expect(head.header("content-type") == get.header("content-type"))
        #expect(get.header("content-length") == "\(get.body.count)")
        #expect(get.body.last == UInt8(ascii: "\n"))
        #expect(get.header("x-content-type-options") == "nosniff")
        #expect(get.header("cache-control") == "no-store")
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
            let refused = try client.get(path, method: method)
            #expect(refused.status == 405)
            #expect(refused.header("allow") == "GET, HEAD")
        }
    }

    @Test("paths are unique across the catalog, and each route has a title")
    func catalog() {
        let paths = RouteCatalog.all.flatMap { $0.paths }

        #expect(Set(paths).count == paths.count)
        #expect(RouteCatalog.all.allSatisfy { !$0.title.isEmpty && !$0.paths.isEmpty })
        #expect(
            RouteCatalog.all.allSatisfy { $0.body == .nothing || $0.methods != [.GET] }, "GET takes no body")
        for wanted in [
            "/", "/metrics", "/livez", "/readyz", "/startupz", "/startup", "/healthz", "/health",
            "/health/data-detailed", "/api/v1/events", "/api/v1/heartbeat/NAME",
        ] {
            #expect(paths.contains(wanted))
        }
    }

    @Test("requests are counted by route of the catalog, never by what was sent")
    func counted() throws {
        let house = try House()
        let client = try house.client()
        _ = try client.get("/livez")
        _ = try client.get("/startup")
        _ = try client.get("/no-such-\(Int.random(in: 0...9))")
        let page = try client.get("/metrics").text

        #expect(house.count("/livez", 200) == 1)
        #expect(house.count("/startupz", 200) == 1)
        #expect(house.count("other", 404) == 1)
        #expect(page.contains(#"vitald_http_requests_total{route="other",code="404"} 1"#))
        #expect(!page.contains("no-such"))
    }

    @Test("/livez is 200 whatever is broken, and carries the tick's number")
    func livez() throws {
        let house = try House([ReportSample.check("db", "postgres", .unhealthy)])
        house.generation.advance()
        house.generation.advance()
        let answer = try house.get("/livez")

        #expect(answer.status == 200)
        #expect(answer.text == "ok\n")
        #expect(answer.header("X-Vitald-Generation") == "2")
    }

    @Test("/readyz is 503 while unhealthy, pending or draining, with the cause; degraded stays 200")
    func readyz() throws {
        let house = try House()
        #expect(try house.get("/readyz").status == 200)

        house.show([ReportSample.check("db", "postgres", .unhealthy, message: "connection\nrefused")])
        #expect(try house.get("/readyz").status == 503)
        #expect(try house.get("/readyz").text == "not ready: db: connection refused\n")

        house.show([pending])
        #expect(try house.get("/readyz").text == "not ready: db: no result yet\n")

        house.show([ReportSample.check("db")]) {
            $0.draining = true
            $0.ready = false
        }
        #expect(try house.get("/readyz").text == "not ready: vitald is stopping\n")

        house.show([ReportSample.check("db", "postgres", .degraded, message: "slow")])
        #expect(try house.get("/readyz").status == 200)
        #expect(try house.get("/readyz?degraded=429").status == 429)
        #expect(try house.get("/readyz?degraded=429").text == "ready, degraded: db: slow\n")
        #expect(try house.get("/readyz?degraded=777").status == 200)
    }

    @Test("/startupz is 503 until the first round is complete")
    func startupz() throws {
        let house = try House([pending, ReportSample.check("cache")])

        #expect(try house.get("/startupz").status == 503)
        #expect(try house.get("/startup").text == "starting: no result yet of db\n")
        house.show([ReportSample.check("db")])
        #expect(try house.get("/startupz").status == 200)
    }

    @Test("/healthz says ok, and with verbose one line a check")
    func healthz() throws {
        let house = try House([
            ReportSample.check("db", "postgres"),
            ReportSample.check("cache", "redis", .degraded, message: "slow"),
        ])

        #expect(try house.get("/healthz").text == "ok\n")
        #expect(
            try house.get("/healthz?verbose").text
                == "[+]db ok\n[+]cache degraded: slow\nhealthz check passed\n")
        #expect(try house.get("/healthz").status == 200)
        #expect(try house.get("/healthz?degraded=429").status == 429)
    }

    @Test("/healthz fails with the lines, unless the culprit is excluded")
    func healthzExclude() throws {
        let house = try House([
            ReportSample.check("db", "postgres", .unhealthy, message: "refused"), ReportSample.check("cache"),
            ReportSample.check("note", "tcp", .unhealthy, message: "gone", impact: .info),
        ])
        let failed = try house.get("/healthz")
        let excluded = try house.get("/healthz?verbose&exclude=db&exclude=no%20such")

        #expect(failed.status == 503)
        #expect(
            failed.text == "[-]db failed: refused\n[+]cache ok\n[+]note failed: gone\nhealthz check failed\n")
        #expect(excluded.status == 200)
        #expect(
            excluded.text
                == "[+]db excluded: ok\n[+]cache ok\n[+]note failed: gone\n"
                + "warn: there is no check named \"no such\" to exclude\nhealthz check passed\n")
        #expect(try house.get("/healthz?exclude=db,cache").text == "ok\n")
    }

    @Test("/health is health+json: pass, warn and fail, with every check's measurement")
    func health() throws {
        let house = try House([
            ReportSample.check("db", "postgres", facts: [Fact("latency_ms", .number(2.5))]),
            ReportSample.check(
                "file_system", "filesystem", .degraded, message: "9.1 % free", tags: ["disk"],
                facts: [Fact("free_percent", .number(9.1))]),
        ])
        let answer = try house.get("/health")
        let json = try json(answer)

        #expect(answer.status == 200)
        #expect(answer.header("content-type") == "application/health+json")
        #expect(json["status"]?.string == "warn")
        #expect(json["version"]?.string == "1")
        #expect(json["releaseId"]?.string == "1.2.3")
        #expect(json["serviceId"]?.string == "agno-data-api")
        let db = try #require(json["checks"]?["db:responseTime"]?.elements.first)
        #expect(db["componentType"]?.string == "datastore")
        #expect(db["observedValue"]?.double == 2.5)
        #expect(db["observedUnit"]?.string == "ms")
        #expect(db["status"]?.string == "pass")
        #expect(db["time"]?.string == ReportSample.wall.rfc3339)
        #expect(db["output"] == nil)
        let disk = try #require(json["checks"]?["file_system:free_percent"]?.elements.first)
        #expect(disk["componentType"]?.string == "system")
        #expect(disk["observedValue"]?.double == 9.1)
        #expect(disk["observedUnit"]?.string == "percent")
        #expect(disk["status"]?.string == "warn")
        #expect(disk["output"]?.string == "9.1 % free")
    }

    @Test("/health is 503 when unhealthy, and says why there is nothing to judge")
    func healthCodes() throws {
        let house = try House([])
        #expect(try json(house.get("/health"))["output"]?.string == "no checks configured")
        #expect(try house.get("/health").status == 200)

        house.show([
            ReportSample.check("db", "postgres", .unhealthy, tags: ["a"]),
            ReportSample.check("b", tags: ["b"]),
        ])
        #expect(try house.get("/health").status == 503)
        #expect(try json(house.get("/health"))["status"]?.string == "fail")
        #expect(try house.get("/health?tag=b").status == 200)
        #expect(try json(house.get("/health?tag=b"))["checks"]?.count == 1)
        #expect(try house.get("/health?tag=a").status == 503)
    }

    @Test("/health shows a stale check as failed and a pending one as a warning, never as passed")
    func healthStale() throws {
        let house = try House([ReportSample.check("db", phase: .stale), pending])
        let checks = try #require(try json(house.get("/health"))["checks"])

        #expect(checks["db:responseTime"]?.elements.first?["status"]?.string == "fail")
        #expect(checks["db:responseTime"]?.elements.first?["level"]?.string == "unhealthy")
        #expect(checks["db"]?.elements.first?["status"]?.string == "warn")
        #expect(checks["db"]?.elements.first?["observedValue"] == nil)
    }

    @Test("/health/data-detailed has the keys of the data agent's checker, in its words")
    func dataDetailed() throws {
        let house = try House([
            ReportSample.check("database", "postgres", facts: [Fact("latency_ms", .number(1.25))]),
            ReportSample.check("cache", "redis", .unhealthy, message: "connection refused", impact: .degrade),
            ReportSample.check(
                "file_system", "filesystem", .degraded, message: "low",
                facts: [Fact("free_percent", .number(9.1))]),
            ReportSample.check("external_api", "http", .degraded, outcome: .fail, message: "flaky"),
            ReportSample.check("capacity", "memory", facts: [Fact("used_percent", .number(42))]),
            ReportSample.check("agent", "heartbeat"),
        ])
        let answer = try house.get("/health/data-detailed")
        let json = try json(answer)

        #expect(answer.header("content-type") == "application/json")
        #expect(
            json.members.map { $0.key.string } == [
                "overall_status", "dependencies", "unhealthy_count", "warning_count", "agent_responsive",
                "database_connected", "cache_available", "data_processing_capacity",
            ])
        #expect(json["overall_status"]?.string == "degraded")
        let dependencies = try #require(json["dependencies"])
        #expect(dependencies["database"]?["status"]?.string == "healthy")
        #expect(dependencies["database"]?["latency_ms"]?.double == 1.25)
        #expect(dependencies["database"]?["error"] == nil)
        #expect(dependencies["cache"]?["status"]?.string == "unhealthy")
        #expect(dependencies["cache"]?["error"]?.string == "connection refused")
        #expect(dependencies["file_system"]?["status"]?.string == "warning")
        #expect(dependencies["file_system"]?["free_percent"]?.double == 9.1)
        #expect(dependencies["external_api"]?["status"]?.string == "degraded")
        #expect(json["unhealthy_count"]?.integer == 1)
        #expect(json["warning_count"]?.integer == 2)
        #expect(json["agent_responsive"]?.boolean == true)
        #expect(json["database_connected"]?.boolean == true)
        #expect(json["cache_available"]?.boolean == false)
        #expect(json["data_processing_capacity"]?.string == "42.0% memory used")
    }

    @Test("/health/data-detailed says false and unknown for kinds that are not configured")
    func dataDetailedAbsent() throws {
        let house = try House([ReportSample.check("web", "http", tags: ["agent"])])
        let json = try json(house.get("/health/data-detailed"))

        #expect(json["agent_responsive"]?.boolean == true)
        #expect(json["database_connected"]?.boolean == false)
        #expect(json["cache_available"]?.boolean == false)
        #expect(json["data_processing_capacity"]?.string == "unknown")
    }

    @Test(
        "/health/data-detailed is 200 when unhealthy, and 503 with strict; stale evidence counts for nothing")
    func dataDetailedStrict() throws {
        let house = try House([ReportSample.check("database", "postgres", phase: .stale)])

        #expect(try house.get("/health/data-detailed").status == 200)
        #expect(try house.get("/health/data-detailed?strict").status == 503)
        #expect(try json(house.get("/health/data-detailed"))["database_connected"]?.boolean == false)
        #expect(try json(house.get("/health/data-detailed"))["unhealthy_count"]?.integer == 1)
    }

    @Test("/ shows the status and every check, escapes what it shows, and loads nothing")
    func index() throws {
        let house = try House([
            ReportSample.check("db", "postgres", .unhealthy, message: "<script>alert(1)</script> & more"),
            pending,
        ])
        let answer = try house.get("/")

        #expect(answer.header("content-type") == "text/html; charset=utf-8")
        #expect(answer.header("content-security-policy")?.hasPrefix("default-src 'none'") == true)
        #expect(answer.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"))
        #expect(!answer.text.contains("<script"))
        #expect(!answer.text.contains("src="))
        #expect(answer.text.contains("unhealthy"))
        #expect(answer.text.contains("agno-data-api"))
        for path in Self.pages.compactMap({ $0.paths.first }) where path != "/" {
            #expect(answer.text.contains("href=\"\(path)\""))
        }
        #expect(answer.text.contains("<code>POST /api/v1/heartbeat/NAME</code>"))
        #expect(!answer.text.contains("href=\"/api/v1/heartbeat"))
        // What the page's own origin serves, a script of it may read; the page itself has none.
        #expect(answer.header("content-security-policy")?.contains("connect-src 'self'") == true)
    }
}
