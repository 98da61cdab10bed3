// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite struct MemoryKindTests {
    private let bench: ProbeBench

    init() throws { bench = try ProbeBench() }

    private func run(_ json: String, within timeout: Duration = .seconds(20)) async throws -> ProbeResult {
        let (kind, faults) = try reading(MemoryKind.self, json)
        #expect(faults.isEmpty)
        let probe = kind.makeProbe(CheckDefinition(name: "capacity", type: "memory"), bench.context)
        return await bench.run(probe, within: timeout)
    }

    private func host(available: Int64, of total: Int64 = 1000, pressure: Double? = nil) {
        bench.kernel.script.withLock { script in
            script.host.memoryTotalBytes = total
            script.host.memoryAvailableBytes = available
            script.host.memoryPressure = pressure
        }
    }

    @Test(
        "the host's memory is judged as psutil counts it",
        arguments: [
            (368, Outcome.pass, nil, "63.2% memory used"),
            (370, .pass, nil, "63% memory used"),
            (150, .warn, "memory.high", "85% memory used, at least 85%; 150 B left"),
            (50, .fail, "memory.full", "95% memory used, at least 95%; 50 B left"),
            (0, .fail, "memory.full", "100% memory used, at least 95%; 0 B left"),
        ] as [(Int64, Outcome, String?, String)])
    func host(available: Int64, outcome: Outcome, code: String?, message: String) async throws {
        host(available: available)

        let result = try await run("{}")

        #expect(result.outcome == outcome)
        #expect(result.reason?.code == code)
        #expect(result.message == message)
        #expect(result.fact("available_bytes") == .integer(available))
        #expect(result.fact("used_percent") == .number(Double(1000 - available) / 10))
    }

    @Test("figures that the kernel does not give are unknown, not zero")
    func unknown() async throws {
        #expect(try await run("{}").outcome == .unknown)
        #expect(try await run(#"{"of":"self"}"#).reason == "inconclusive.kernel")
        bench.kernel.script.withLock { $0.own = ContainerFigures(identity: ContainerIdentity(id: "/")) }
        #expect(try await run(#"{"of":"self"}"#).outcome == .unknown)
    }

    @Test("pressure warns where it is asked for, and its absence is said")
    func pressure() async throws {
        host(available: 500, pressure: 12.5)
        let result = try await run(#"{"warnPressure":10}"#)
        #expect(result.outcome == .warn)
        #expect(result.reason == "memory.pressure")
        #expect(result.fact("pressure_some_avg10_percent") == .number(12.5))
        #expect(try await run(#"{"warnPressure":13}"#).outcome == .pass)
        #expect(try await run("{}").outcome == .pass)

        host(available: 500)
        let without = try await run(#"{"warnPressure":10}"#)
        #expect(without.outcome == .pass)
        #expect(without.message.contains("warnPressure is not judged, as this kernel has no PSI"))
        // Where there is PSI and it cannot be read now, that is no pass.
        bench.kernel.script.withLock { script in
            script.host.hasPressure = true
            script.host.unreadable = [UnreadableFile("pressure/memory", .resources, "Too many open files")]
        }
        let blind = try await run(#"{"warnPressure":10}"#)
        #expect(blind.outcome == .unknown && blind.reason == "inconclusive.resources")
        #expect(
            blind.message
                == "50% memory used; its pressure is not known: pressure/memory cannot be read: Too many open files"
        )
        #expect(try await run("{}").outcome == .pass)
    }

    @Test("of containers that could not be looked at nothing is said but why")
    func blind() async throws {
        bench.kernel.script.withLock { script in
            var figures = ContainerFigures(identity: ContainerIdentity(id: "/docker/web"))
            figures.identity.name = "web"
            figures.populated = true
            figures.memoryPercent = 20
            script.containers = [figures]
            script.unmeasured = [
                Unmeasured(.cgroup, .resources, fact: "2 cgroups cannot be opened", remedy: "Raise it.")
            ]
            script.hasPressure = true
        }

        let seen = try await run(#"{"of":"web"}"#)
        let absent = try await run(#"{"of":"db"}"#)

        #expect(seen.outcome == .unknown, "the answer itself says that there may be more")
        #expect(absent.outcome == .unknown && absent.reason == "inconclusive.resources")
        #expect(absent.message == "db could not be looked at: 2 cgroups cannot be opened. Raise it.")
        bench.kernel.script.withLock { $0.unmeasured = [] }
        let pressure = try await run(#"{"of":"web","warnPressure":10}"#)
        #expect(pressure.outcome == .unknown && pressure.message.contains("see cgroup.pressure"))
        #expect(try await run(#"{"of":["web","db"]}"#).reason == "container.missing")
    }

    @Test("of several containers the worst decides and is named; none at all fails")
    func containers() async throws {
        bench.kernel.script.withLock { script in
            script.containers = [("web-1", 20), ("web-2", 96), ("web-3", 90), ("db", 99)].map {
                name, percent in
                var figures = ContainerFigures(identity: ContainerIdentity(id: "/docker/\(name)"))
                figures.identity.name = name
                figures.memoryPercent = percent
                figures.memoryLimit = .limited(ByteCount(1000))
                figures.workingSetBytes = Int64(percent * 10)
                return figures
            }
        }

        let result = try await run(#"{"of":"web-*"}"#)
        #expect(result.outcome == .fail)
        #expect(result.message == "web-2: 96% memory used, at least 95%; 40 B left")
        #expect(result.fact("container") == .text("web-2"))
        #expect(try await run(#"{"of":["!web-2","web-*"]}"#).outcome == .warn)
        #expect(try await run(#"{"of":"web-1"}"#).message == "web-1: 20% memory used")
        #expect(try await run(#"{"of":"cache"}"#).reason == "container.missing")
        #expect(try await run(#"{"of":"cache"}"#).outcome == .fail)
    }

    @Test("inside a container the host's memory is bounded by the container's limit, whichever is tighter")
    func inContainer() async throws {
        let gibibyte: Int64 = 1 << 30
        host(available: 903 * gibibyte, of: 1000 * gibibyte)
        bench.kernel.script.withLock {
            $0.host.container = .init(
                level: "/", file: .max, limit: ByteCount(gibibyte), used: ByteCount(gibibyte / 1000 * 997))
        }

        let full = try await run("{}")

        #expect(full.outcome == .fail && full.reason == "memory.full")
        #expect(
            full.message
                == "99.7% memory used of 1 GiB, the limit of the container that vitald runs in (memory.max), at least 95%; "
                + "3.1 MiB left")
        #expect(full.fact("used_percent") == .number(99.7))
        #expect(full.fact("total_bytes") == .integer(gibibyte))
        #expect(full.fact("limit_level") == .text("/") && full.fact("limit_file") == .text("memory.max"))
        host(available: 20 * gibibyte, of: 1000 * gibibyte)
        bench.kernel.script.withLock { $0.host.container?.used = ByteCount(gibibyte / 2) }
        let tight = try await run("{}")
        #expect(tight.message == "98% memory used, at least 95%; 512 MiB left")
        #expect(tight.fact("limit_level") == nil)
    }

    @Test("a limit of a cgroup above is named; one that cannot be read makes the rest unknown")
    func limitAbove() async throws {
        var figures = ContainerFigures(identity: ContainerIdentity(id: "/agents.slice/a.service"))
        figures.identity.unit = "a.service"
        figures.workingSetBytes = 1000
        figures.memoryPercent = 97
        var limits = EffectiveLimits()
        limits.memoryFill = .init(
            level: "/agents.slice", file: .high, limit: ByteCount(100 << 20), used: ByteCount(97 << 20))
        limits.memoryAvailable = .init(3 << 20, "/agents.slice")
        figures.limits = limits
        bench.kernel.script.withLock { [figures] in $0.containers = [figures] }

        let full = try await run(#"{"of":"a.service"}"#)
        #expect(
            full.message
                == "a.service: 97% memory used of 100 MiB, the limit of /agents.slice (memory.high), at least 95%; 3 MiB left"
        )
        #expect(full.fact("total_bytes") == .integer(100 << 20))
        figures.limits?.unread = [
            .init(.memory, UnreadableFile("/agents.slice/memory.max", .resources, "Too many open files"))
        ]
        figures.limits?.memoryAvailable = nil
        bench.kernel.script.withLock { [figures] in $0.containers = [figures] }
        #expect(try await run(#"{"of":"a.service"}"#).outcome == .fail, "what is full is full all the same")
        let blind = try await run(#"{"of":"a.service","warnPercent":98,"failPercent":99}"#)
        #expect(blind.outcome == .unknown && blind.reason == "inconclusive.resources")
        #expect(
            blind.message.hasSuffix(
                "but its memory may be fuller: /agents.slice/memory.max cannot be read: Too many open files"))
    }

    @Test("a silent sampler is unknown at the deadline, and asked once only until it speaks")
    func silence() async throws {
        host(available: 500)
        bench.kernel.script.withLock { $0.isSilent = true }
        let (kind, _) = try reading(MemoryKind.self, "{}")
        let probe = kind.makeProbe(CheckDefinition(name: "capacity", type: "memory"), bench.context)

        for _ in 0..<3 {
            let result = await bench.run(probe, within: .milliseconds(50))
            #expect(result.outcome == .unknown)
            #expect(result.reason == "inconclusive.kernel")
        }
        #expect(bench.kernel.script.withLock { $0.questions } == 1)
        bench.kernel.speak()

        #expect(await bench.run(probe).outcome == .pass)
        #expect(bench.kernel.script.withLock { $0.questions } == 2)
    }

    @Test("faulty keys are named")
    func configuration() throws {
        let (_, faults) = try reading(
            MemoryKind.self, #"{"of":["!x"],"warnPercent":97,"failPercent":120}"#)

        #expect(
            faults == [
                #"line 1: checks[0].of: only excludes and so picks nothing. Add what it picks after the exclusions, for example "*"."#,
                "line 1: checks[0].failPercent: 120 is not a percentage. Write a number from 0 to 100.",
                "line 1: checks[0].warnPercent: 97% is above `failPercent`, 95%. "
                    + "Change one of the two, so that the warning comes before the failure.",
            ])
        #expect(try reading(MemoryKind.self, #"{"failPercent":50}"#).1.count == 1)
        #expect(try reading(MemoryKind.self, #"{"of":""}"#).1.count == 1)
    }
}
