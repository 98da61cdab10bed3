// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("Reloads of the shipped binary that nobody feels")
struct UnfeltReloadTests {
    private static func configuration(_ checks: String) -> String {
        """
        { "http": { "listen": [] }, "containers": { "include": [], "systemdUnits": [] },
          "defaults": { "interval": "1s", "timeout": "500ms", "fall": 2 }, "checks": [ \(checks) ] }
        """
    }

    private static func check(_ port: UInt16, _ more: String = "", name: String = "queue") -> String {
        #"{ "name": "\#(name)", "type": "tcp", "address": "127.0.0.1:\#(port)"\#(more) }"#
    }

    /// Asks for readiness again and again while something is done; gives every answer that was not 200.
    private func refusals(_ daemon: ShippedDaemon, while work: () async throws -> Void) async throws
        -> [String]
    {
        let watch = Watch(daemon)
        let asking = Task { try await watch.run() }
        do { try await work() } catch {
            await watch.end()
            throw error
        }
        await watch.end()
        return try await asking.value
    }

    private actor Watch {
        private let daemon: ShippedDaemon
        private var isOver = false

        init(_ daemon: ShippedDaemon) { self.daemon = daemon }

        func end() { isOver = true }

        func run() async throws -> [String] {
            var refusals: [String] = []
            while !isOver {
                let page = try await daemon.get("/readyz")
                if page.status != 200 { refusals.append("\(page.status): \(page.body)") }
            }
            return refusals
        }
    }

    private func generation(_ daemon: ShippedDaemon, _ number: Int64) async throws {
        try await Wait.until("generation \(number)") {
            try await daemon.result("status")["generation"]?.integer == number
        }
    }

    @Test("texts, tags and thresholds: nothing is told, counters and since stay, readiness is not touched")
    func texts() async throws {
        let server = try SilentServer()
        let off = #", { "name": "off", "type": "redis", "url": "redis://:x@h/0", "enabled": false }"#
        let daemon = try await ShippedDaemon(Self.configuration(Self.check(server.port) + off)).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }
        #expect(daemon.logged("configurationWarning").count == 1, "of the password in the URL")
        let before = try await daemon.check("queue")
        let sequence = try await daemon.result("status")["seq"]?.integer
        let lines = daemon.logged("checkChanged").count + daemon.logged("statusChanged").count

        let refusals = try await refusals(daemon) {
            try daemon.reconfigure(
                Self.configuration(
                    Self.check(
                        server.port,
                        #", "description": "the queue", "runbook": "https://wiki/queue", "tags": ["x"], "fall": 5, "timeout": "400ms""#
                    ) + off))
            try await generation(daemon, 2)
            daemon.program.signal(SIGHUP)
            try await generation(daemon, 3)
            daemon.program.signal(SIGHUP)
            daemon.program.signal(SIGHUP)
            try await Wait.until("two more runs") {
                let runs = try await daemon.check("queue")["runs"]?["pass"]?.integer ?? 0
                return runs >= (before["runs"]?["pass"]?.integer ?? 0) + 2
            }
        }

        #expect(refusals == [])
        let after = try await daemon.check("queue")
        #expect(after["description"]?.string == "the queue" && after["fall"]?.integer == 5)
        #expect(after["since"]?.string == before["since"]?.string && after["level"]?.string == "healthy")
        #expect(after["runs"]?["fail"]?.integer == 0 && after["discarded"]?.integer == 0)
        #expect(try await daemon.result("status")["seq"]?.integer == sequence, "no change was announced")
        #expect(daemon.logged("checkChanged").count + daemon.logged("statusChanged").count == lines)
        #expect(daemon.logged("configurationWarning").count == 1)
        try await daemon.stop()
    }

    @Test(
        "a check that points elsewhere and one that is added make nobody unready before they have an answer")
    func elsewhere() async throws {
        let (old, new, deaf) = (try SilentServer(), try SilentServer(), try SilentServer())
        let daemon = try await ShippedDaemon(Self.configuration(Self.check(old.port))).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }

        let refusals = try await refusals(daemon) {
            try daemon.reconfigure(
                Self.configuration(Self.check(new.port) + ", " + Self.check(new.port, name: "added")))
            try await generation(daemon, 2)
            try await Wait.until("the new results") {
                let added = try await daemon.check("added")["level"]?.string
                let moved = try await daemon.check("queue")["level"]?.string
                return added == "healthy" && moved == "healthy"
            }
        }
        #expect(refusals == [])
        #expect(try await daemon.check("queue")["target"]?.string?.hasSuffix(":\(new.port)") == true)

        // Where the new target does not answer, the first result says so.
        try daemon.reconfigure(
            Self.configuration(
                Self.check(deaf.port, #", "expectBytes": "x""#) + ", " + Self.check(new.port, name: "added")))
        try await Wait.until("the failure") { try await daemon.get("/readyz").status == 503 }
        #expect(try await daemon.get("/readyz").body.hasPrefix("not ready: queue: "))
        try await daemon.stop()
    }

    @Test(
        "a rotated password connects again, and the check stays what it was",
        .enabled(if: Program.has("redis-server"), "Redis is not installed: apt install redis-server"))
    func rotatedPassword() async throws {
        let redis = try LocalRedis()
        let server = try await redis.start(["--requirepass", "first"])
        let directory = try TestDirectory()
        let file = try directory.write("password", "first\n")
        let configuration = Self.configuration(
            #"{ "name": "cache", "type": "redis", "url": "\#(redis.url)", "passwordFile": "\#(file)" }"#)
        let daemon = try await ShippedDaemon(configuration, in: directory).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }
        let before = try await daemon.check("cache")
        let path = redis.directory.path + "/redis.sock"
        func ask(_ commands: String) async throws -> String {
            try await Wait.apart {
                let wire = try Wire(.path(path))
                try wire.send(commands + "QUIT\r\n")
                return String(decoding: try wire.readAll(), as: UTF8.self)
            }
        }

        // Whoever is connected stays so; who comes next needs the new one.
        let changed = try await ask("AUTH first\r\nCONFIG SET requirepass second\r\n")
        try #require(changed == "+OK\r\n+OK\r\n+OK\r\n", "\(changed)")
        try directory.write("password", "second\n")
        let refusals = try await refusals(daemon) {
            daemon.program.signal(SIGHUP)
            try await generation(daemon, 2)
            _ = try await ask("AUTH second\r\nCLIENT KILL TYPE normal SKIPME yes\r\n")
            try await Wait.until("two more runs") {
                let runs = try await daemon.check("cache")["runs"]?["pass"]?.integer ?? 0
                return runs >= (before["runs"]?["pass"]?.integer ?? 0) + 2
            }
        }

        #expect(refusals == [])
        let after = try await daemon.check("cache")
        #expect(after["since"]?.string == before["since"]?.string && after["level"]?.string == "healthy")
        try await daemon.stop()
        try await server.stop()
    }

    @Test("evidence that is too old is healthy in no count and no sentence")
    func stale() async throws {
        let directory = try TestDirectory()
        let proc = directory.path + "/proc"
        try #require(mkdir(proc, 0o700) == 0 && mkdir(proc + "/self", 0o700) == 0)
        for file in ["meminfo", "stat", "uptime", "loadavg", "self/mountinfo"] {
            try directory.write("proc/" + file, TestDirectory.read("/proc/" + file) ?? "")
        }
        let notify = try NotifySocket()
        let daemon = try await ShippedDaemon(
            Self.configuration(
                #"{ "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 }"#
            ),
            arguments: ["--proc-root", proc], environment: ["NOTIFY_SOCKET": notify.path], in: directory
        ).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }
        _ = try await notify.state("STATUS=Running: 1 check, 1 healthy")

        try directory.write("proc/meminfo", "")
        _ = try await notify.state("STATUS=Running: 1 check, 1 stale")

        let counts = try #require(try await daemon.result("status")["checks"])
        #expect(counts["healthy"]?.integer == 0 && counts["unhealthy"]?.integer == 1)
        #expect(counts["stale"]?.integer == 1 && counts["total"]?.integer == 1)
        #expect(try await daemon.check("capacity")["level"]?.string == "unhealthy")
        #expect(try await daemon.check("capacity")["phase"]?.string == "stale")
        let page = try await daemon.get("/metrics")
        #expect(page.sample(#"vitald_check_status{check="capacity",status="healthy"}"#) == 0)
        #expect(page.sample(#"vitald_check_status{check="capacity",status="unhealthy"}"#) == 1)
        #expect(try await daemon.get("/health/data-detailed").json()["unhealthy_count"]?.integer == 1)
        let shown = try await daemon.control("status")
        #expect(shown.output.contains("1 check: 1 unhealthy; 1 stale"), "\(shown.output)")
        let nagios = try await daemon.control("check")
        #expect(nagios.ending == .code(2) && nagios.output.contains(" healthy=0 "), "\(nagios.output)")
        let history = try await daemon.result("history", #"{"name":"capacity","limit":1}"#)
        #expect(history["results"]?.elements.last?["level"]?.string == "unhealthy")
        try await daemon.stop()
    }
}
