// SPDX-License-Identifier: Apache-2.0

import Glibc
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

    @Test(
        "a meminfo that cannot be read is told by its error, and descriptors that are used up by name",
        arguments: [
            (
                EMFILE, "inconclusive.descriptors",
                "no descriptors are free: all that vitald may have are in use (LimitNOFILE= of its unit)"
            ),
            (
                ENFILE, "inconclusive.descriptors",
                "no descriptors are free: the whole machine has none left (sysctl fs.file-max)"
            ),
            (EIO, "inconclusive.kernel", "meminfo cannot be read: Input/output error"),
        ] as [(Int32, Reason, String)])
    func unreadable(code: Int32, reason: Reason, message: String) async throws {
        bench.kernel.script.withLock { $0.host.memoryError = code }

        let result = try await run("{}")

        #expect(result.outcome == .unknown)
        #expect(result.reason == reason)
        #expect(result.message == message)
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
        let blind = try await run(#"{"warnPressure":10}"#)
        #expect(blind.outcome == .pass)
        #expect(blind.message.contains("pressure is not known"))
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
                #"line 1: checks[0].of: only excludes and so picks nothing. Add what it shall pick behind the exclusions, for example "*"."#,
                "line 1: checks[0].failPercent: 120 is no percentage. Write a number from 0 to 100.",
                "line 1: checks[0].warnPercent: 97% is above `failPercent`, 95%. "
                    + "Change one of the two, so that the warning comes before the failure.",
            ])
        #expect(try reading(MemoryKind.self, #"{"failPercent":50}"#).1.count == 1)
        #expect(try reading(MemoryKind.self, #"{"of":""}"#).1.count == 1)
    }
}
