// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

@Suite(
    "Redis: a real server", .enabled(if: RedisServer.isInstalled || Workbench.isCI, RedisServer.skipReason))
struct RedisProbeTests {
    @Test("an answer is a pass with its facts, over TCP and the Unix socket, on a kept connection")
    func passes() async throws {
        let server = try await Workbench.aside { try RedisServer() }
        let trial = try RedisTrial(server.url)

        let first = await trial.attempt()
        let second = await trial.attempt()
        let local = try await RedisTrial(server.localURL).attempt()

        #expect(first.outcome == .pass)
        #expect(first.fact("role") == .text("master"))
        #expect(first.value("redis_up") == 1)
        #expect(first.phases.map(\.phase) == [.resolve, .connect, .processing])
        #expect(second.phases.map(\.phase) == [.processing])
        #expect(local.outcome == .pass)
    }

    @Test("statistics come as redis_exporter's families")
    func statistics() async throws {
        let server = try await Workbench.aside {
            try RedisServer(["--maxmemory", "100mb", "--maxclients", "77"])
        }
        let trial = try RedisTrial(server.url, #", "statistics": true"#)

        let result = await trial.attempt()

        #expect(result.outcome == .pass)
        #expect(result.value("redis_memory_max_bytes") == 104_857_600)
        #expect((result.value("redis_memory_used_bytes") ?? 0) > 100_000)
        #expect(result.value("redis_max_clients") == 77)
        #expect(result.value("redis_connected_clients") == 1)
        #expect(result.value("redis_rdb_last_bgsave_status") == 1)
        #expect((result.value("redis_commands_processed_total") ?? 0) >= 1)
        #expect(result.value("redis_exporter_last_scrape_error", ["err": ""]) == 0)
        #expect(result.fact("version") != nil)
        #expect(RedisFamilies.fields.allSatisfy { result.value($0.family.name) != nil })
    }

    @Test("passwords: asked for, wrong, right, and a user who may not ask for INFO")
    func passwords() async throws {
        let server = try await Workbench.aside { try RedisServer(["--requirepass", "CANARY-right"]) }
        try await Workbench.aside {
            try server.connection().reply(
                to: ["AUTH", "CANARY-right"],
                ["ACL", "SETUSER", "agent", "on", ">CANARY-agent", "+ping", "+auth"])
        }
        let file = #", "passwordFile": "/s""#

        let none = try await RedisTrial(server.url).attempt()
        let wrong = try await RedisTrial(server.url, file, secrets: ["/s": "CANARY-wrong"]).attempt()
        let right = try await RedisTrial(server.url, file, secrets: ["/s": "CANARY-right"]).attempt()
        let agent = try await RedisTrial(
            "redis://agent@127.0.0.1:\(server.port)", file + #", "statistics": true"#,
            secrets: ["/s": "CANARY-agent"]
        ).attempt()

        #expect(none.outcome == .fail)
        #expect(none.reason == "auth.required")
        #expect(none.value("redis_up") == 0)
        #expect(wrong.outcome == .fail)
        #expect(wrong.reason == "auth.failed")
        #expect(right.outcome == .pass)
        #expect(right.phases.map(\.phase) == [.resolve, .connect, .authenticate, .processing])
        #expect(agent.outcome == .pass)
        #expect(agent.fact("role") == nil)
        #expect(agent.value("redis_memory_used_bytes") == nil)
        #expect(agent.value("redis_exporter_last_scrape_error", ["err": "denied"]) == 1)
        #expect(![none, wrong, right, agent].contains { $0.everything.contains("CANARY") })
    }

    @Test("a database beyond the last is missing; the role that is wanted must be there")
    func expectations() async throws {
        let server = try await Workbench.aside { try RedisServer() }

        let missing = try await RedisTrial("redis://127.0.0.1:\(server.port)/99").attempt()
        let role = try await RedisTrial(server.url, #", "role": "standby""#).attempt()
        let command = try await RedisTrial(server.url, #", "command": "GET vitald""#).attempt()
        let broken = try await RedisTrial(server.url, #", "command": "NOSUCH CANARY""#).attempt()
        let memory = try await RedisTrial(server.url, #", "warnMemoryPercent": 1"#).attempt()

        #expect(missing.reason == "database.missing")
        #expect(role.outcome == .fail)
        #expect(role.reason == "role.mismatch")
        #expect(command.outcome == .pass)
        #expect(broken.outcome == .fail)
        #expect(broken.reason == "command.failed")
        #expect(!broken.everything.contains("CANARY"))
        // Without maxmemory there is no percentage.
        #expect(memory.outcome == .pass)
        #expect(memory.fact("memory_percent") == nil)
    }

    @Test("used-up memory is a warning though PING is answered")
    func outOfMemory() async throws {
        let server = try await Workbench.aside {
            try RedisServer(["--maxmemory", "500kb", "--maxmemory-policy", "noeviction"])
        }

        let result = try await RedisTrial(server.url).attempt()
        let write = try await RedisTrial(server.url, #", "command": "SET a b""#).attempt()
        try await Workbench.aside { try server.command("CONFIG", "SET", "maxmemory", "1gb") }
        let high = try await RedisTrial(server.url, #", "warnMemoryPercent": 0.01"#).attempt()

        #expect(result.outcome == .warn)
        #expect(result.reason == "oom")
        #expect(result.value("redis_up") == 1)
        #expect(write.outcome == .fail)
        #expect(write.reason == "oom")
        #expect(high.outcome == .warn)
        #expect(high.reason == "memory.high")
    }

    @Test("a failed snapshot that stops writes is misconf")
    func misconf() async throws {
        let server = try await Workbench.aside {
            let server = try RedisServer(["--enable-protected-configs", "yes"])
            let data = "\(server.directory)/data"
            try #require(mkdir(data, 0o755) == 0)
            try server.command("CONFIG", "SET", "dir", data)
            try server.command("CONFIG", "SET", "save", "3600 1")
            try #require(rmdir(data) == 0)
            try server.command("BGSAVE")
            try Workbench.wait(for: "the snapshot to fail") {
                guard case .bulk(let bytes) = try server.command("INFO", "persistence") else { return false }
                return String(decoding: bytes, as: UTF8.self).contains("rdb_last_bgsave_status:err")
            }
            return server
        }

        let result = try await RedisTrial(server.url).attempt()

        #expect(result.outcome == .fail)
        #expect(result.reason == "misconf")
        #expect(result.value("redis_up") == 0)
    }

    @Test("a replica without its master: a warning, or a failure where it serves no data")
    func deadMaster() async throws {
        let dead = try Workbench.freePort()
        let replica = try await Workbench.aside { try RedisServer(["--replicaof", "127.0.0.1 \(dead)"]) }
        let mute = try await Workbench.aside {
            try RedisServer(["--replicaof", "127.0.0.1 \(dead)", "--replica-serve-stale-data", "no"])
        }

        let link = try await RedisTrial(replica.url, #", "role": "replica", "statistics": true"#).attempt()
        let write = try await RedisTrial(replica.url, #", "command": "SET a b""#).attempt()
        let wrong = try await RedisTrial(replica.url, #", "role": "primary""#).attempt()
        let down = try await RedisTrial(mute.url).attempt()

        #expect(link.outcome == .warn)
        #expect(link.reason == "master.link_down")
        #expect(link.fact("role") == .text("replica"))
        #expect(
            link.value("redis_master_link_up", ["master_host": "127.0.0.1", "master_port": "\(dead)"]) == 0)
        #expect(write.outcome == .fail)
        #expect(write.reason == "readonly")
        #expect(wrong.reason == "role.mismatch")
        #expect(down.outcome == .fail)
        #expect(down.reason == "master.down")
    }

    @Test("a script that does not end is busy, and heals when it is killed")
    func busy() async throws {
        let server = try await Workbench.aside { try RedisServer(["--busy-reply-threshold", "20"]) }
        let trial = try RedisTrial(server.url)
        _ = await trial.attempt()
        let script = Awaited<Bool>()
        Workbench.lanes.run {
            _ = try? server.command("EVAL", "while true do end", "0")
            script.fulfil(true)
        }
        try await Workbench.aside {
            try Workbench.wait(for: "the script") { try server.command("PING").errorCode == "BUSY" }
        }

        let busy = await trial.attempt()
        try await Workbench.aside {
            try server.command("SCRIPT", "KILL")
            _ = script.value(within: .seconds(5))
        }
        let healed = await trial.attempt()

        #expect(busy.outcome == .warn)
        #expect(busy.reason == "busy")
        #expect(healed.outcome == .pass)
    }

    @Test("a server that loads its data is a warning, and not up")
    func loading() async throws {
        let (first, server) = try await Workbench.aside {
            let first = try RedisServer()
            try server(first, populate: 20_000)
            // 10 ms a key: 200 s, far longer than this test.
            let server = try RedisServer(
                ["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"],
                data: "\(first.directory)/dump.rdb")
            return (first, server)
        }

        let result = try await RedisTrial(server.url).attempt()

        #expect(result.outcome == .warn)
        #expect(result.reason == "loading")
        #expect(result.value("redis_up") == 0)
        _ = first

        @Sendable func server(_ server: RedisServer, populate count: Int) throws {
            try server.command("DEBUG", "POPULATE", "\(count)")
            try #require(try server.command("SAVE") == .status("OK"))
        }
    }

    @Test("a name that stops resolving is answered from memory, and the result says so")
    func lastGoodAddress() async throws {
        let server = try await Workbench.aside { try RedisServer() }
        let names = FlakyNames()
        let trial = try RedisTrial("redis://cache.example:\(server.port)", lookup: names.lookup)

        let fine = await trial.attempt()
        names.isBroken.store(true, ordering: .sequentiallyConsistent)
        trial.time.advance(by: .seconds(61))
        let remembered = await trial.attempt()
        names.isBroken.store(false, ordering: .sequentiallyConsistent)
        let healed = await trial.attempt()

        #expect(fine.outcome == .pass)
        #expect(remembered.outcome == .pass)
        #expect(remembered.reason == "dns.failed")
        #expect(remembered.message.contains("an earlier address was used"))
        #expect(remembered.value("redis_up") == 1)
        #expect(healed.outcome == .pass)
        #expect(healed.reason == nil)
    }

    @Test("maxclients is a warning while the kept connection answers, and a failure without one")
    func saturated() async throws {
        let server = try await Workbench.aside { try RedisServer() }
        let kept = try RedisTrial(server.url)
        _ = await kept.attempt()
        try await Workbench.aside {
            try server.command("CONFIG", "SET", "maxclients", "1")
            try Workbench.wait(for: "the other connections to go") {
                // This one is counted too, where it is let in at all.
                (try? server.command("PING"))?.errorCode == "ERR"
            }
        }

        let served = await kept.attempt()
        kept.time.advance(by: .seconds(61))
        let withKept = await kept.attempt()
        let without = try await RedisTrial(server.url).attempt()

        #expect(served.outcome == .pass)
        #expect(withKept.outcome == .warn)
        #expect(withKept.reason == "saturated")
        #expect(without.outcome == .fail)
        #expect(without.reason == "saturated")
    }

    @Test("a stopped server is a timeout that names the step, a killed one refuses")
    func stoppedAndKilled() async throws {
        let server = try await Workbench.aside { try RedisServer(["--requirepass", "CANARY"]) }
        let file = #", "passwordFile": "/s""#
        let kept = try RedisTrial(server.url, file, timeout: .seconds(1), secrets: ["/s": "CANARY"])
        let before = await kept.attempt()

        server.process.signal(SIGSTOP)
        let time = ShiftableTime()
        let started = time.now
        let question = await kept.attempt()
        let fresh = await kept.attempt()
        let took = time.now - started
        server.process.signal(SIGCONT)
        let healed = await kept.attempt()
        server.process.signal(SIGKILL)
        try await Workbench.aside {
            try Workbench.wait(for: "the end") { server.process.hasEnded }
        }
        let dead = await kept.attempt()

        #expect(before.outcome == .pass)
        #expect(question.reason == "timeout.processing")
        #expect(fresh.reason == "timeout.authenticate")
        #expect(took < .seconds(2) + PostgresFaultTests.grace)
        #expect(healed.outcome == .pass)
        #expect(dead.outcome == .fail)
        #expect(dead.reason == "refused")
    }
}
