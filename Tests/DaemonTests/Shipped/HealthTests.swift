// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite(
    "The health that the shipped binary tells, with a real Redis",
    .enabled(if: Program.has("redis-server"), "Redis is not installed: apt install redis-server"))
struct HealthTests {
    private static func configuration(_ redis: LocalRedis) -> String {
        """
        { "name": "agno-data-api", "http": { "listen": [] },
          "defaults": { "interval": "1s", "timeout": "500ms", "fall": 3, "rise": 2 },
          "checks": [
            { "name": "cache", "type": "redis", "url": "\(redis.url)" },
            { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 },
            { "name": "file_system", "type": "filesystem", "path": "/proc", "enabled": false }
          ] }
        """
    }

    @Test("Redis goes and comes back: every page turns with the reason within the thresholds, and heals")
    func turnsAndHeals() async throws {
        let redis = try LocalRedis()
        var server = try await redis.start()
        let daemon = try await ShippedDaemon(Self.configuration(redis)).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }
        #expect(try await daemon.get("/startupz").status == 200)
        #expect(try await daemon.get("/health").status == 200)
        #expect(try await daemon.get("/healthz").body == "ok\n")
        let listener = try Subscription(daemon)
        try await listener.opened()

        try await server.stop()
        let gone = ContinuousClock.now
        let turn = try await listener.change(of: "cache", to: "unhealthy")
        // Three failures, a second apart (with a tenth of jitter); the first of them within a second.
        let took = ContinuousClock.now - gone
        #expect(took > .milliseconds(1700) && took < .seconds(6), "\(took)")
        #expect(turn["from"]?.string == "healthy")
        // Redis takes its socket with it.
        #expect(turn["reason"]?.string == "missing")
        #expect(turn["message"]?.string?.contains("there is no socket at") == true)
        try await expectUnhealthy(daemon)
        let history = try await daemon.result("history", #"{"name":"cache"}"#)
        let levels = history["results"]?.elements.compactMap { $0["outcome"]?.string } ?? []
        let firstFailure = try #require(levels.firstIndex(of: "fail"))
        #expect(levels[firstFailure...].allSatisfy { $0 == "fail" })
        let atTurn = history["results"]?.elements.first { $0["level"]?.string == "unhealthy" }
        #expect(atTurn != nil)
        let before = history["results"]?.elements.filter {
            $0["outcome"]?.string == "fail" && $0["level"]?.string == "healthy"
        }
        #expect(before?.count == 2, "the third failure in a row turns it")
        #expect(daemon.logged("checkChanged").contains { $0.contains(#""vitald_status":"unhealthy""#) })

        server = try await redis.start()
        let healed = try await listener.change(of: "cache", to: "healthy")
        #expect(healed["from"]?.string != "healthy")
        try await Wait.until("readiness again") { try await daemon.get("/readyz").status == 200 }
        #expect(try await daemon.get("/health").status == 200)
        #expect(try await daemon.get("/metrics").sample(#"vitald_status{status="healthy"}"#) == 1)
        try await daemon.stop()
        try await server.stop()
    }

    @Test("what Redis refuses and the check can do without is logged once, shown, and does not decide")
    func refusedExtra() async throws {
        let redis = try LocalRedis()
        let server = try await redis.start(["--rename-command", "INFO", ""])
        let daemon = try await ShippedDaemon(Self.configuration(redis)).serving()

        try await Wait.until("three attempts") {
            try await (daemon.check("cache")["runs"]?["pass"]?.integer ?? 0) >= 3
        }

        let check = try await daemon.check("cache")
        #expect(check["level"]?.string == "healthy")
        #expect(check["facts"]?["refused"]?.string == "INFO (ERR)")
        let lines = daemon.logged("checkRemark")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("cache: ") == true, "\(lines)")
        #expect(lines.first?.contains("INFO was refused (ERR): role, replication link") == true, "\(lines)")
        #expect(lines.first?.contains(#""vitald_check":"cache""#) == true, "\(lines)")
        try await daemon.stop()
        try await server.stop()
    }

    private func expectUnhealthy(_ daemon: ShippedDaemon) async throws {
        let ready = try await daemon.get("/readyz")
        #expect(ready.status == 503)
        #expect(ready.body.hasPrefix("not ready: cache: "), "\(ready.body)")
        #expect(try await daemon.get("/livez").status == 200)
        #expect(try await daemon.get("/startupz").status == 200)
        let health = try await daemon.get("/health")
        #expect(health.status == 503)
        #expect(health.header("content-type") == "application/health+json")
        #expect(try health.json()["status"]?.string == "fail")
        let lines = try await daemon.get("/healthz?verbose")
        #expect(lines.status == 503)
        #expect(
            lines.body.contains("[-]cache failed: ") && lines.body.contains("[+]capacity ok"), "\(lines.body)"
        )
        #expect(try await daemon.get("/healthz?exclude=cache").status == 200)
        let metrics = try await daemon.get("/metrics")
        #expect(metrics.sample(#"vitald_status{status="unhealthy"}"#) == 1)
        #expect(metrics.sample(#"vitald_check_status{check="cache",status="unhealthy"}"#) == 1)

        let detailed = try await daemon.get("/health/data-detailed")
        #expect(detailed.status == 200)
        let root = try detailed.json()
        #expect(
            root.members.compactMap(\.key.string) == [
                "overall_status", "dependencies", "unhealthy_count", "warning_count", "agent_responsive",
                "database_connected", "cache_available", "data_processing_capacity",
            ])
        #expect(root["overall_status"]?.string == "unhealthy")
        #expect(root["dependencies"]?["cache"]?["status"]?.string == "unhealthy")
        #expect(root["dependencies"]?["cache"]?["error"]?.string?.isEmpty == false)
        #expect(root["dependencies"]?["file_system"] == nil, "it is switched off")
        #expect(root["unhealthy_count"]?.integer == 1)
        #expect(root["warning_count"]?.integer == 0)
        #expect(root["agent_responsive"]?.boolean == false)
        #expect(root["database_connected"]?.boolean == false)
        #expect(root["cache_available"]?.boolean == false)
        let capacity = root["data_processing_capacity"]?.string ?? ""
        #expect(capacity.wholeMatch(of: /\d+\.\d% memory used/) != nil, "\(capacity)")
        #expect(try await daemon.get("/health/data-detailed?strict").status == 503)
    }

    @Test("a Redis that is stopped in its tracks fails by its timeout, and the others stay on time")
    func stoppedRedis() async throws {
        let redis = try LocalRedis()
        let server = try await redis.start()
        let daemon = try await ShippedDaemon(Self.configuration(redis)).serving()
        try await Wait.until("readiness") { try await daemon.get("/readyz").status == 200 }

        server.signal(SIGSTOP)
        try await Wait.until("the check to turn") {
            try await daemon.check("cache")["level"]?.string == "unhealthy"
        }
        #expect(try await daemon.check("cache")["reason"]?.string?.hasPrefix("timeout") == true)
        let runs = #"vitald_check_runs_total{check="capacity",outcome="pass"}"#
        let first = try #require(await daemon.get("/metrics").sample(runs))
        let began = ContinuousClock.now
        try await Wait.until("three more runs of the other check") {
            try await daemon.get("/metrics").sample(runs) ?? 0 >= first + 3
        }
        #expect(ContinuousClock.now - began < .seconds(5))

        server.signal(SIGCONT)
        try await Wait.until("the check to heal") {
            try await daemon.check("cache")["level"]?.string == "healthy"
        }
        try await daemon.stop()
        try await server.stop()
    }

    @Test("before the first round it is alive, and neither started nor ready")
    func starting() async throws {
        let silent = try SilentServer()
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": [] }, "checks": [
              { "name": "slow", "type": "tcp", "address": "127.0.0.1:\(silent.port)", "expectBytes": "x", "interval": "300s", "timeout": "200s" } ] }
            """
        ).serving()

        #expect(try await daemon.get("/livez").status == 200)
        let started = try await daemon.get("/startupz")
        #expect(started.status == 503)
        #expect(started.body == "starting: no result yet of slow\n")
        #expect(try await daemon.get("/readyz").status == 503)
        #expect(try await daemon.get("/health").status == 200, "pending is degraded, not unhealthy")
        try await daemon.stop()
    }
}
