// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("The life of the shipped binary")
struct LifeTests {
    private static let quiet = #"{ "http": { "listen": [] }, "checks": [] }"#

    private static func checks(_ names: String...) -> String {
        let checks = names.map {
            #"{ "name": "\#($0)", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 }"#
        }
        return
            #"{ "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "500ms" }, "checks": ["#
            + checks.joined(separator: ", ") + "] }"
    }

    @Test("a second one ends with 75 and names the first, which does not notice")
    func secondInstance() async throws {
        let first = try await ShippedDaemon(Self.quiet).serving()

        let second = try ShippedDaemon(Self.quiet, in: first.directory, log: "second")
        #expect(try await second.program.end() == .code(75))

        let said = first.directory.read("second")
        #expect(said.contains("already running (pid \(first.pid))"), "\(said)")
        #expect(try await first.get("/livez").status == 200)
        #expect(try await first.result("ping").members.isEmpty == false)
        try await first.stop()
    }

    @Test("its own questions to itself are not counted among the clients")
    func ownQuestions() async throws {
        let daemon = try await ShippedDaemon(Self.quiet).serving()

        try await Wait.until("no client but the one that asks", within: .seconds(3)) {
            try await daemon.get("/metrics").sample("vitald_http_connections") == 1
        }
        try await Wait.until("no client on the other socket", within: .seconds(3)) {
            try await daemon.get("/metrics").sample("vitald_socket_connections") == 0
        }
        try await daemon.stop()
    }

    @Test("of ten that are started at once exactly one serves")
    func tenAtOnce() async throws {
        let directory = try TestDirectory()
        let daemons = try (0..<10).map { try ShippedDaemon(Self.quiet, in: directory, log: "log\($0)") }

        try await Wait.until("nine to end") { daemons.count { $0.program.hasEnded != nil } == 9 }

        let survivor = try #require(daemons.first { $0.program.hasEnded == nil })
        for daemon in daemons where daemon !== survivor { #expect(daemon.program.hasEnded == .code(75)) }
        try await Wait.until("it to serve") { (try? await survivor.get("/livez"))?.status == 200 }
        survivor.program.signal(SIGTERM)
        #expect(try await survivor.program.end() == .code(0))
    }

    @Test("what a killed one left behind is taken over")
    func staleSocket() async throws {
        let killed = try await ShippedDaemon(Self.quiet).serving()
        killed.program.signal(SIGKILL)
        #expect(try await killed.program.end() == .signal(SIGKILL))
        #expect(access(killed.socket, F_OK) == 0, "the socket is still there")

        let next = try ShippedDaemon(Self.quiet, in: killed.directory, log: "next")
        try await Wait.until("the next one to serve") { (try? await next.get("/livez"))?.status == 200 }
        #expect(try await next.result("ping").members.isEmpty == false)
        next.program.signal(SIGTERM)
        #expect(try await next.program.end() == .code(0))
    }

    @Test("SIGTERM lets a request that is under way finish, then all is gone and the end is 0")
    func drains() async throws {
        let notify = try NotifySocket()
        let daemon = try await ShippedDaemon(Self.quiet, environment: ["NOTIFY_SOCKET": notify.path])
            .serving()
        let web = daemon.web
        let wire = try await Wait.apart { try Wire(web) }
        try wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
        try await Wait.until("the daemon to have the connection") {
            try await daemon.get("/metrics").sample("vitald_http_connections") ?? 0 >= 2
        }

        daemon.program.signal(SIGTERM)
        let stopping = try await notify.state("STOPPING=1")
        // More than one where the daemon's own question to itself, or the end of the one above, was just under way.
        let possible = ["1 client", "2 clients", "3 clients"].map { "STOPPING=1\nSTATUS=Draining \($0)" }
        #expect(possible.contains(stopping), "\(stopping)")
        #expect(daemon.program.hasEnded == nil, "it waits for the request")
        try wire.send("\r\n")

        let page = try await Wait.apart { try WebPage(wire.readAll()) }
        #expect(page.status == 200)
        #expect(page.body.hasSuffix("\n"))
        #expect(try await daemon.program.end() == .code(0))
        #expect(access(daemon.socket, F_OK) != 0)
        #expect(access(daemon.directory.path + "/run/http.sock", F_OK) != 0)
        #expect(!daemon.logged("stopping").isEmpty)
    }

    @Test("a second SIGTERM ends it at once, whoever is still connected")
    func secondTerm() async throws {
        let notify = try NotifySocket()
        let daemon = try await ShippedDaemon(Self.quiet, environment: ["NOTIFY_SOCKET": notify.path])
            .serving()
        let web = daemon.web
        let wire = try await Wait.apart { try Wire(web) }
        try wire.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
        try await Wait.until("the daemon to have the connection") {
            try await daemon.get("/metrics").sample("vitald_http_connections") ?? 0 >= 2
        }

        daemon.program.signal(SIGTERM)
        _ = try await notify.state("STOPPING=1")
        let second = ContinuousClock.now
        daemon.program.signal(SIGTERM)

        #expect(try await daemon.program.end() == .code(128 + SIGTERM))
        #expect(ContinuousClock.now - second < .seconds(2))
    }

    @Test("a reload keeps the counters of unchanged checks, brings new ones, and a bad one changes nothing")
    func reload() async throws {
        let daemon = try await ShippedDaemon(Self.checks("kept", "dropped")).serving()
        let runs = #"vitald_check_runs_total{check="kept",outcome="pass"}"#
        try await Wait.until("two runs") { try await daemon.get("/metrics").sample(runs) ?? 0 >= 2 }

        let before = try #require(await daemon.get("/metrics").sample(runs))
        try daemon.reconfigure(Self.checks("kept", "added"))
        try await Wait.until("the second generation") {
            try await daemon.result("status")["generation"]?.integer == 2
        }
        let page = try await daemon.get("/metrics")
        #expect(page.sample(runs) ?? 0 >= before)
        #expect(page.series("vitald_check_status").contains { $0.contains(#"check="added""#) })
        #expect(!page.body.contains(#"check="dropped""#))
        #expect(try await daemon.check("kept")["level"]?.string == "healthy", "it does not begin anew")
        let line = "generation 2 is in force: checks: 1 added, 0 changed, 1 removed, 1 unchanged"
        #expect(daemon.logged("reloaded").first?.contains(line) == true, "\(daemon.log)")

        try daemon.reconfigure(#"{"checks": [{"name": "x", "type": "nonsense"}]}"#)
        try await Wait.until("the refusal") { !daemon.logged("reloadFailed").isEmpty }
        let kept = try await daemon.get("/metrics")
        #expect(kept.sample("vitald_config_last_reload_successful") == 0)
        #expect(kept.sample(runs) ?? 0 >= before)
        #expect(try await daemon.result("status")["generation"]?.integer == 2)

        let refused = try await daemon.call("reload")
        #expect(refused["error"]?["data"]?["faults"]?.elements.first?.string?.contains("nonsense") == true)
        try daemon.reconfigure(Self.checks("kept"))
        try await Wait.until("the mended one") {
            try await daemon.get("/metrics").sample("vitald_config_last_reload_successful") == 1
        }
        try await daemon.stop()
    }

    @Test(
        "out of descriptors for clients it goes on answering those it has, tells the others, does not spin, and recovers",
        .enabled(if: Program.has("prlimit"), "prlimit is not installed: apt install util-linux"))
    func outOfDescriptors() async throws {
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "containers": { "include": [], "systemdUnits": [] }, "checks": [] }"#,
            prefix: ["prlimit", "--nofile=64:64"]
        ).serving()
        let socket = daemon.socket
        let kept = try await Wait.apart { try Wire(.path(socket)) }
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n"
        try kept.send(ping)
        #expect(try await Wait.apart { try kept.line() }?.contains("result") == true)

        // Of so few descriptors a quarter stays for checks, and clients get the others.
        var crowd = try await Wait.apart { try (0..<100).map { _ in try Wire(.path(socket)) } }
        let last = try #require(crowd.last)
        let refusal = try await Wait.apart { try last.line() }
        #expect(refusal?.contains(#""kind":"no_descriptors""#) == true, "\(refusal ?? "nothing")")
        #expect((44...49).contains(daemon.descriptors), "\(daemon.descriptors)")
        let busy = Self.processorTime(daemon.pid)
        let began = ContinuousClock.now
        for _ in 0..<100 {
            try kept.send(ping)
            let answer = try await Wait.apart { try kept.line() }
            #expect(answer?.contains("result") == true)
        }
        try await Wait.until("a second", within: .seconds(5)) { ContinuousClock.now - began > .seconds(1) }
        let used = Self.processorTime(daemon.pid) - busy
        let passed = (ContinuousClock.now - began).components.seconds + 1
        #expect(used < 60 * passed, "\(used) hundredths of a second of processor time within \(passed) s")

        crowd.removeAll()
        try await Wait.until("it to take connections again") {
            (try? await daemon.get("/livez"))?.status == 200
        }
        #expect(try await daemon.result("ping").members.isEmpty == false)
        try await daemon.stop()
    }

    @Test("a thousand scrapes and as many connections leave no descriptor, thread or zombie behind")
    func noGrowth() async throws {
        let silent = try SilentServer()
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": ["127.0.0.1:0"] }, "containers": { "include": [], "systemdUnits": [] }, 
              "defaults": { "interval": "1s", "timeout": "400ms" }, "checks": [
              { "name": "page", "type": "http", "url": "http://127.0.0.1:\(silent.port)/" },
              { "name": "cache", "type": "redis", "url": "redis://127.0.0.1:\(silent.port)/0" },
              { "name": "root", "type": "filesystem", "path": "/" } ] }
            """
        ).serving()
        try await Wait.until("the first round") { try await daemon.get("/startupz").status == 200 }
        let (web, port, socket) = (daemon.web, try daemon.port(), daemon.socket)
        let scrape = { @Sendable () throws -> Void in
            for i in 0..<250 {
                let place: Wire.Place = i % 2 == 0 ? .port(port) : web
                let target = i % 5 == 0 ? "/health" : "/metrics"
                _ = try Wire.get(place, target, i % 3 == 0 ? ["Accept-Encoding: gzip"] : [])
                let wire = try Wire(.path(socket))
                // Every other one goes without a word.
                if i % 2 == 0 { try wire.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n") }
                if i % 4 == 0 { _ = try wire.line() }
            }
        }
        try await Wait.apart(scrape)
        let (descriptors, memory) = (daemon.descriptors, Self.residentKilobytes(daemon.pid))

        for _ in 0..<4 { try await Wait.apart(scrape) }

        try await Wait.until("the descriptors of before, \(descriptors), not \(daemon.descriptors)") {
            daemon.descriptors <= descriptors + 2
        }
        try await Wait.until("few threads") { daemon.threads <= 8 }
        #expect(Self.residentKilobytes(daemon.pid) - memory < 4096, "resident memory, in KiB")
        for child in daemon.children {
            let stat = TestDirectory.read("/proc/\(child)/stat") ?? ""
            #expect(!stat.contains(") Z "), "\(stat)")
        }
        try await daemon.stop()
    }

    @Test("stopped with SIGKILL at any moment it starts again at once")
    func killLoop() async throws {
        let directory = try TestDirectory()
        for round in 0..<10 {
            let daemon = try ShippedDaemon(Self.quiet, in: directory, log: "log\(round)")
            let began = ContinuousClock.now
            try await Wait.until("round \(round) to serve: \(directory.read("log\(round)"))") {
                (try? await daemon.result("ping")) != nil
            }
            #expect(ContinuousClock.now - began < .seconds(5))
            daemon.program.signal(SIGKILL)
            _ = try await daemon.program.end()
        }
    }

    /// utime and stime of proc(5), in hundredths of a second.
    private static func processorTime(_ pid: pid_t) -> Int {
        let stat = TestDirectory.read("/proc/\(pid)/stat") ?? ""
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }

    private static func residentKilobytes(_ pid: pid_t) -> Int {
        let status = TestDirectory.read("/proc/\(pid)/status") ?? ""
        return status.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? 0
    }
}
