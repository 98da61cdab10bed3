// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite struct UnitKindTests {
    private func unit(_ name: String, started: Int64? = nil, below: String = "", populated: Bool? = true)
        -> ContainerFigures
    {
        var figures = ContainerFigures(identity: ContainerIdentity(id: "/system.slice/\(name)\(below)"))
        figures.identity.unit = name
        figures.populated = populated
        figures.started = started.map { WallTime(nanoseconds: $0 * 1_000_000_000) }
        return figures
    }

    private func run(_ name: String, _ all: [ContainerFigures]) async throws -> ProbeResult {
        let bench = try ProbeBench()
        let (kind, faults) = try reading(UnitKind.self, #"{"unit":"\#(name)"}"#)
        #expect(faults.isEmpty)
        bench.kernel.script.withLock { $0.containers = all }
        return await bench.run(kind.makeProbe(CheckDefinition(name: "agent", type: "unit"), bench.context))
    }

    @Test("a unit runs when its cgroup is there and populated")
    func presence() async throws {
        let result = try await run("agno@1.service", [unit("agno@1.service", started: 1_800_000_000)])
        #expect(result.outcome == .pass)
        #expect(result.message == "agno@1.service runs since 2027-01-15T08:00:00.000Z")
        #expect(result.fact("restarts") == .integer(0))
        #expect(result.fact("started") == .text("2027-01-15T08:00:00.000Z"))

        let missing = try await run("agno@1.service", [unit("agno@2.service")])
        #expect(missing.outcome == .fail)
        #expect(missing.reason == "unit.inactive")
        let empty = try await run("agno@1.service", [unit("agno@1.service", populated: false)])
        #expect(empty.reason == "unit.inactive")
        #expect(try await run("agno@1.service", [unit("agno@1.service", populated: nil)]).outcome == .unknown)
    }

    @Test(
        "a name without a type is a service, as systemctl has it; an escaped name is found by its directory")
    func names() async throws {
        #expect(try await run("agno@1", [unit("agno@1.service")]).outcome == .pass)
        var escaped = unit(#"foo\x2dbar.service"#)
        escaped.identity.unit = "foo-bar.service"
        #expect(try await run(#"foo\\x2dbar.service"#, [escaped]).outcome == .pass)
        #expect(try await run("foo-bar.service", [escaped]).outcome == .pass)
        #expect(try reading(UnitKind.self, #"{"unit":"/system.slice/x.service"}"#).1.count == 1)
        #expect(try reading(UnitKind.self, "{}").1.count == 1)
    }

    @Test("restarts stay counted when a reload brings another probe of the same unit")
    func reload() async throws {
        let bench = try ProbeBench()
        let (kind, _) = try reading(UnitKind.self, #"{"unit":"a"}"#)
        let definition = CheckDefinition(name: "agent", type: "unit")
        let wall = bench.context.time.wall.nanoseconds / 1_000_000_000
        let old = kind.makeProbe(definition, bench.context)
        bench.kernel.script.withLock { $0.containers = [unit("a.service", started: wall - 5000)] }
        #expect(await bench.run(old).fact("restarts") == .integer(0))
        bench.kernel.script.withLock { $0.containers = [unit("a.service", started: wall)] }
        #expect(await bench.run(old).fact("restarts") == .integer(1))

        let new = kind.makeProbe(definition, bench.context, following: old)
        old.close()

        #expect(await bench.run(new).fact("restarts") == .integer(1))
    }

    @Test("a container inside of a unit is not the unit")
    func outermost() async throws {
        let dead = unit("web.service", below: "/libpod-payload-1", populated: false)

        let result = try await run("web.service", [dead, unit("web.service")])

        #expect(result.outcome == .pass)
        #expect(result.fact("units") == nil)
    }

    @Test("of several instances one that does not run decides")
    func globs() async throws {
        let result = try await run(
            "agno@*.service",
            [unit("agno@1.service"), unit("agno@2.service", populated: false), unit("x.service")])

        #expect(result.outcome == .fail)
        #expect(result.message.hasPrefix("agno@2.service does not run"))
        #expect(result.fact("units") == .integer(2))
        let all = try await run("agno@*.service", [unit("agno@1.service"), unit("agno@2.service")])
        #expect(all.outcome == .pass && all.message == "2 of 2 units run")
        let some = try await run(
            "agno@*.service", [unit("agno@1.service"), unit("agno@2.service", populated: nil)])
        #expect(some.outcome == .unknown)
        #expect(
            some.message
                == "1 of 2 units runs; 1 could not be looked at: whether agno@2.service runs is not known: "
                + "cgroup.events does not say")
    }

    @Test("a unit that has no processes by its nature is refused: its cgroup tells nothing")
    func processless() throws {
        for name in [
            "a.socket", "a.mount", "a.automount", "a.swap", "a.target", "a.timer", "a.path", "dev-sda.device",
        ] {
            let (_, faults) = try reading(UnitKind.self, #"{"unit":"\#(name)"}"#)
            #expect(faults.count == 1 && faults[0].contains("has no processes of its own"), "\(faults)")
        }
        #expect(try reading(UnitKind.self, #"{"unit":"timer"}"#).1.isEmpty)
    }

    @Test("frozen is no running, and what could not be looked at is no stopping")
    func states() async throws {
        var frozen = unit("a.service")
        frozen.frozen = true
        let result = try await run("a", [frozen])
        #expect(result.outcome == .fail && result.reason == "unit.frozen")

        let bench = try ProbeBench()
        let (kind, _) = try reading(UnitKind.self, #"{"unit":"a"}"#)
        bench.kernel.script.withLock {
            $0.unmeasured = [
                Unmeasured(
                    .cgroup, .cgroup, fact: "no cgroup2 file system is mounted", remedy: "Boot otherwise.")
            ]
        }
        let blind = await bench.run(
            kind.makeProbe(CheckDefinition(name: "agent", type: "unit"), bench.context))
        #expect(blind.outcome == .unknown && blind.reason == "inconclusive.cgroup")
        #expect(
            blind.message
                == "a.service could not be looked at: no cgroup2 file system is mounted. Boot otherwise.")
    }

    @Test(
        "a unit whose memory is full of a limit above it fails where that is asked for, and says whose limit it is"
    )
    func memory() async throws {
        func run(_ keys: String, _ all: [ContainerFigures]) async throws -> ProbeResult {
            let bench = try ProbeBench()
            let (kind, faults) = try reading(UnitKind.self, #"{"unit":"agno@*.service"\#(keys)}"#)
            #expect(faults.isEmpty)
            bench.kernel.script.withLock { $0.containers = all }
            return await bench.run(
                kind.makeProbe(CheckDefinition(name: "agent", type: "unit"), bench.context))
        }
        func filled(_ name: String, _ percent: Int64) -> ContainerFigures {
            var figures = unit(name)
            figures.memoryPercent = Double(percent)
            figures.workingSetBytes = 1 << 20
            var limits = EffectiveLimits()
            limits.memoryFill = .init(
                level: "/agents.slice", file: .max, limit: ByteCount(100 << 20),
                used: ByteCount(percent << 20))
            figures.limits = limits
            return figures
        }
        let keys = #","warnMemoryPercent":80,"failMemoryPercent":95"#
        let both = [filled("agno@1.service", 85), filled("agno@2.service", 97)]

        let full = try await run(keys, both)

        #expect(full.outcome == .fail && full.reason == "memory.full")
        #expect(
            full.message
                == "agno@2.service uses 97% of 100 MiB, the limit of /agents.slice (memory.max), at least 95%; its own "
                + "part is 1 MiB")
        #expect(full.fact("memory_limit_level") == .text("/agents.slice"))
        #expect(try await run(keys, [both[0]]).reason == "memory.high")
        #expect(try await run("", both).outcome == .pass, "only where it is asked for")
        #expect(try await run(keys, [unit("agno@3.service")]).outcome == .unknown)
        #expect(
            try await run(keys, both + [unit("agno@4.service", populated: false)]).reason == "unit.inactive")
        #expect(
            try reading(UnitKind.self, #"{"unit":"a","warnMemoryPercent":9,"failMemoryPercent":8}"#).1.count
                == 1)
    }

    @Test("a process that began after the last look is a restart, an older one that moves up is not")
    func restarts() {
        var lives = UnitLives()
        func note(_ started: Int64?, at now: Int64, clock offset: Int64 = 0) -> Int64? {
            lives.note(
                [unit("a.service", started: started.map { $0 + offset }, populated: started != nil)],
                sinceBoot: .seconds(now), wall: WallTime(nanoseconds: (now + offset) * 1_000_000_000))[
                    "a.service"]
        }

        #expect(note(100, at: 1000) == 0)
        #expect(note(100, at: 1010) == 0)
        #expect(note(1015, at: 1020) == 1)
        #expect(note(nil, at: 1030) == 1)
        #expect(note(1035, at: 1040) == 2)
        #expect(note(1035, at: 1050, clock: 3600) == 2, "the clock was set")
        #expect(note(1035, at: 1060, clock: -3600) == 2)
        #expect(note(1062, at: 1070, clock: -3600) == 3)

        var workers = UnitLives()
        func oldest(_ started: Int64, at now: Int64) -> Int64? {
            workers.note(
                [unit("a.service", started: started)], sinceBoot: .seconds(now),
                wall: WallTime(nanoseconds: now * 1_000_000_000))["a.service"]
        }
        #expect(oldest(100, at: 1000) == 0)
        #expect(oldest(500, at: 1010) == 0, "a worker that outlived its main process")
    }
}
