// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import Vitals

@testable import Sampling

@Suite struct ContainerKindTests {
    private func figures(_ name: String, _ change: (inout ContainerFigures) -> Void = { _ in })
        -> ContainerFigures
    {
        var figures = ContainerFigures(identity: ContainerIdentity(id: "/docker/\(name)"))
        figures.identity.name = name
        figures.populated = true
        change(&figures)
        return figures
    }

    private func judge(_ json: String, _ all: [ContainerFigures], kills: [String: Duration] = [:]) throws
        -> ProbeResult
    {
        let (kind, faults) = try reading(ContainerKind.self, #"{"select":"*"\#(json)}"#)
        #expect(faults.isEmpty)
        return kind.judge(ContainerAnswer(all), recentKills: kills)
    }

    @Test("a container that is not there fails, one without a process too")
    func presence() throws {
        #expect(try judge("", []).reason == "container.missing")
        #expect(try judge("", [figures("a") { $0.populated = false }]).reason == "container.stopped")
        #expect(try judge("", [figures("a")]).outcome == .pass)
        #expect(try judge("", [figures("a") { $0.populated = nil }]).outcome == .unknown)
        #expect(try judge("", [figures("a") { ($0.populated, $0.processes) = (nil, 2) }]).outcome == .pass)
        #expect(try judge("", [figures("a") { ($0.populated, $0.processes) = (nil, 0) }]).outcome == .unknown)
        #expect(try judge("", [figures("a"), figures("b")]).message == "2 of 2 containers run")
    }

    @Test("CPU is of the quota where there is one, else of the host")
    func cpu() throws {
        let key = #","warnCPUPercent":80"#
        let quota = figures("a") { ($0.cpuPercentOfQuota, $0.cpuPercentOfHost) = (90, 5) }
        let free = figures("b") { $0.cpuPercentOfHost = 85 }

        #expect(try judge(key, [quota]).reason == "cpu.high")
        #expect(try judge(key, [quota]).message == "a: uses 90% of its CPU quota, at least 80%")
        #expect(try judge(key, [free]).message == "b: uses 85% of the host's CPU, at least 80%")
        #expect(
            try judge(key, [figures("c") { ($0.cpuPercentOfQuota, $0.cpuPercentOfHost) = (10, 99) }]).outcome
                == .pass)
    }

    @Test("memory warns and fails, throttling warns, an OOM kill fails before both")
    func thresholds() throws {
        let keys =
            #","warnMemoryPercent":80,"failMemoryPercent":90,"warnThrottledPercent":25,"failOnOOM":"10m""#
        func memory(_ percent: Double) -> ContainerFigures {
            figures("a") { ($0.memoryPercent, $0.oomKills, $0.cpuPercentOfHost) = (percent, 0, 1) }
        }

        #expect(try judge(keys, [memory(79.9)]).outcome == .pass)
        #expect(try judge(keys, [memory(80)]).reason == "memory.high")
        #expect(try judge(keys, [memory(90)]).reason == "memory.full")
        #expect(try judge(keys, [figures("a") { $0.throttledPercent = 25 }]).reason == "cpu.throttled")
        let killed = try judge(keys, [memory(95)], kills: ["/docker/a": .seconds(61)])
        #expect(killed.reason == "oom.killed")
        #expect(killed.outcome == .fail)
        #expect(killed.message.contains("61s ago"))
    }

    @Test("a limit of a cgroup above counts, and is named with its file and the container's own part")
    func limitsAbove() throws {
        func limited(
            _ level: String, _ file: EffectiveLimits.MemoryFile = .max, used: Int64 = 97,
            change: (inout ContainerFigures) -> Void = { _ in }
        ) -> ContainerFigures {
            figures("a") {
                var limits = EffectiveLimits()
                let fill = EffectiveLimits.MemoryFill(
                    level: level, file: file, limit: ByteCount(1 << 30),
                    used: ByteCount((1 << 30) / 100 * used))
                limits.memoryFill = fill
                limits.memoryAvailable = .init((1 << 30) - fill.used.bytes, level)
                $0.limits = limits
                ($0.memoryPercent, $0.workingSetBytes) = (Double(used), 10 << 20)
                change(&$0)
            }
        }
        let keys =
            #","warnMemoryPercent":80,"failMemoryPercent":95,"warnCPUPercent":80,"warnThrottledPercent":20"#

        let shared = try judge(keys, [limited("/agents.slice")])

        #expect(shared.outcome == .fail && shared.reason == "memory.full")
        #expect(
            shared.message
                == "a: uses 97% of 1 GiB, the limit of /agents.slice (memory.max), at least 95%; its own part is 10 MiB"
        )
        #expect(shared.fact("memory_limit_level") == .text("/agents.slice"))
        #expect(shared.fact("memory_limit_bytes") == .integer(1 << 30))
        #expect(shared.fact("memory_available_bytes") == .integer((1 << 30) - (1 << 30) / 100 * 97))
        #expect(
            try judge(keys, [limited("/docker/a")]).message == "a: uses 97% of its limit 1 GiB, at least 95%")
        #expect(
            try judge(keys, [limited("/docker/a/container", .high)]).message
                == "a: uses 97% of its limit 1 GiB (memory.high), at least 95%")
        #expect(
            try judge(keys, [limited("/docker", .high, used: 80)]).message
                == "a: uses 80% of 1 GiB, the limit of /docker (memory.high), at least 80%; its own part is 10 MiB"
        )
        let calm = limited("/docker", used: 20) {
            ($0.cpuPercentOfQuota, $0.cpuPercentOfHost, $0.throttledPercent) = (10, 1, 0)
        }
        #expect(
            try judge(keys, [calm]).message == "a: runs, CPU 10%, memory 20% of the limit of /docker")
        let busy = limited("/docker", used: 20) {
            ($0.cpuPercentOfQuota, $0.throttledPercent) = (90, 0)
            $0.limits?.cpuFill = .init(level: "/docker", cores: 2, percent: 90)
        }
        #expect(
            try judge(keys, [busy]).message
                == "a: uses 90% of 2 cores, the CPU quota of /docker, at least 80%")
        let throttled = limited("/docker", used: 20) {
            ($0.cpuPercentOfQuota, $0.throttledPercent) = (10, 30)
            $0.limits?.throttledLevel = "/docker"
        }
        #expect(
            try judge(keys, [throttled]).message
                == "a: throttled in 30% of the periods by the CPU quota of /docker, at least 20%: that is too small for "
                + "all that runs there")
        let blind = limited("/docker", used: 20) {
            $0.limits?.unread = [
                .init(.memory, UnreadableFile("/docker/memory.max", .kernel, "Input/output error"))
            ]
            ($0.cpuPercentOfQuota, $0.throttledPercent) = (10, 0)
        }
        let unknown = try judge(keys, [blind])
        #expect(unknown.outcome == .unknown && unknown.reason == "inconclusive.kernel")
        #expect(
            unknown.message
                == "a: runs, but not known: memory (/docker/memory.max cannot be read: Input/output error)")
        let free = figures("a") {
            ($0.limits, $0.memoryPercent, $0.memoryLimit) = (
                EffectiveLimits(), 96, .limited(ByteCount(1 << 50))
            )
        }
        #expect(try judge(keys, [free]).message == "a: uses 96% of the host's memory, at least 95%")
    }

    @Test("figures that are not known yet are said, and are no pass: nothing heals by them")
    func unknowns() throws {
        let keys = #","warnCPUPercent":80,"warnThrottledPercent":20,"failMemoryPercent":90,"failOnOOM":"1m""#
        let whole = figures("w") {
            ($0.cpuPercentOfHost, $0.memoryPercent, $0.oomKills) = (1, 2, 0)
        }

        let result = try judge(keys, [figures("a")])
        let young = try judge(
            keys, [figures("a") { ($0.cpuMicroseconds, $0.memoryPercent, $0.oomKills) = (5, 2, 0) }])
        let some = try judge(keys, [whole, figures("b")])

        #expect(result.outcome == .unknown && result.reason == "inconclusive.kernel")
        #expect(
            result.message
                == "a: runs, but not known: CPU (cpu.stat or the number of processors is missing), throttling "
                + "(cpu.stat is missing), memory (the memory controller of cgroup v2 is off for it), OOM kills "
                + "(the memory controller of cgroup v2 is off for it)")
        #expect(young.outcome == .unknown && young.reason == "inconclusive.baseline")
        #expect(
            young.message
                == "a: runs, but not known: CPU (a rate takes two readings), throttling (a rate takes two readings)"
        )
        #expect(some.outcome == .unknown)
        #expect(some.message.hasPrefix("2 of 2 containers run; 1 could not be judged: b: runs, but"))
        #expect(try judge(keys, [whole]).outcome == .pass)
        #expect(try judge(keys, [figures("a") { $0.populated = nil }]).outcome == .unknown)
        // What is known to be bad is bad, whatever else is not known.
        #expect(try judge(keys, [figures("a"), figures("b") { $0.memoryPercent = 99 }]).outcome == .fail)
        // With a quota the share of throttled periods takes a second reading as well.
        let quota = figures("q") {
            ($0.cpuMicroseconds, $0.cpuPercentOfHost, $0.cpuPercentOfQuota) = (5, 1, 2)
            ($0.memoryPercent, $0.oomKills) = (2, 0)
        }
        #expect(try judge(keys, [quota]).reason == "inconclusive.baseline")
    }

    @Test("of how many is said: what was asked for by name and is not there, and what could not be looked at")
    func asked() throws {
        let (kind, faults) = try reading(ContainerKind.self, #"{"select":["web-1","web-2","db"]}"#)
        #expect(faults.isEmpty)
        let limit = Unmeasured(
            .cgroup, .limit, count: 7, fact: "7 cgroups are not looked at", remedy: "Remove some.")
        let two = [figures("web-1"), figures("web-2")]

        let all = kind.judge(ContainerAnswer(two + [figures("db")]), recentKills: [:])
        let missing = kind.judge(ContainerAnswer(two), recentKills: [:])
        let blind = kind.judge(ContainerAnswer(two, unmeasured: [limit]), recentKills: [:])
        let nothing = kind.judge(ContainerAnswer([], unmeasured: [limit]), recentKills: [:])
        let dead = kind.judge(
            ContainerAnswer([figures("db") { $0.populated = false }], unmeasured: [limit]), recentKills: [:])

        #expect(all.outcome == .pass && all.message == "3 of 3 containers run")
        #expect(missing.outcome == .fail && missing.reason == "container.missing")
        #expect(missing.message.hasPrefix("no container matches db"))
        #expect(blind.outcome == .unknown && blind.reason == "inconclusive.limit")
        #expect(
            blind.message
                == "2 of 2 containers run; others could not be looked at: 7 cgroups are not looked at. Remove some."
        )
        #expect(
            nothing.message
                == "web-1 web-2 db could not be looked at: 7 cgroups are not looked at. Remove some.")
        #expect(dead.reason == "container.stopped", "one that is known not to run decides")
    }

    @Test("of several the worst decides, is named, and the rest is counted")
    func worst() throws {
        let result = try judge(
            #","warnMemoryPercent":80,"failMemoryPercent":90"#,
            [
                figures("a") { $0.memoryPercent = 10 }, figures("b") { $0.memoryPercent = 85 },
                figures("c") { $0.memoryPercent = 95 }, figures("d") { $0.memoryPercent = 99 },
            ])

        #expect(result.outcome == .fail)
        #expect(result.message == "c: uses 95% of the host's memory, at least 90% (and 1 more of 4)")
        #expect(result.fact("container") == .text("c"))
    }

    @Test("a kill is held against a container for the window, and no longer")
    func ledger() {
        var ledger = OOMLedger()
        func note(_ kills: Int64, at seconds: Int64, started: Int64 = 0) -> Duration? {
            let container = figures("a") {
                ($0.oomKills, $0.started) = (kills, WallTime(nanoseconds: started * 1_000_000_000))
            }
            return ledger.note(
                [container], now: Instant(nanoseconds: seconds * 1_000_000_000),
                wall: WallTime(nanoseconds: seconds * 1_000_000_000), within: .seconds(60))["/docker/a"]
        }

        #expect(note(3, at: 1000) == nil, "kills from before our time have no date")
        #expect(note(3, at: 1010) == nil)
        #expect(note(4, at: 1020) == .zero)
        #expect(note(4, at: 1080) == .seconds(60))
        #expect(note(4, at: 1081) == nil)
        #expect(note(0, at: 1090) == nil, "a new life of the same path")
        #expect(note(1, at: 1100) == .zero)
        #expect(note(0, at: 1110) == .seconds(10), "the kill is what ended the last life")
    }

    @Test("a young container with a kill was killed within the window; a vanished one is forgotten after it")
    func youngAndGone() {
        var ledger = OOMLedger()
        func note(_ all: [ContainerFigures], at seconds: Int64) -> [String: Duration] {
            ledger.note(
                all, now: Instant(nanoseconds: seconds * 1_000_000_000),
                wall: WallTime(nanoseconds: seconds * 1_000_000_000), within: .seconds(60))
        }
        let young = figures("a") { ($0.oomKills, $0.started) = (1, WallTime(nanoseconds: 950_000_000_000)) }

        #expect(note([young], at: 1000) == ["/docker/a": .zero])
        #expect(note([], at: 1010) == [:])
        #expect(note([young], at: 1020) == ["/docker/a": .seconds(20)])
        #expect(note([], at: 1100) == [:])
        #expect(note([young], at: 1200) == [:])
    }

    @Test("the probe asks for what is selected and remembers kills from attempt to attempt")
    func probe() async throws {
        let bench = try ProbeBench()
        let (kind, _) = try reading(ContainerKind.self, #"{"select":["!db","*"],"failOnOOM":"1h"}"#)
        let probe = kind.makeProbe(CheckDefinition(name: "x", type: "container"), bench.context)
        func set(_ kills: Int64) {
            bench.kernel.script.withLock {
                $0.containers = [
                    figures("db") { $0.populated = false }, figures("web") { $0.oomKills = kills },
                ]
            }
        }

        #expect(await bench.run(probe).reason == "container.missing")
        set(5)
        #expect(await bench.run(probe).outcome == .pass)
        set(6)
        #expect(await bench.run(probe).reason == "oom.killed")
        let (own, _) = try reading(ContainerKind.self, #"{"select":"self"}"#)
        let ownProbe = own.makeProbe(CheckDefinition(name: "y", type: "container"), bench.context)
        #expect(await bench.run(ownProbe).reason == "inconclusive.kernel")
        bench.kernel.script.withLock { $0.own = figures("me") }
        #expect(await bench.run(ownProbe).message == "me: runs")
    }

    @Test("a kill stays known when a reload brings other thresholds")
    func reload() async throws {
        let bench = try ProbeBench()
        let definition = CheckDefinition(name: "x", type: "container")
        func kind(_ keys: String) throws -> ContainerKind {
            try reading(ContainerKind.self, #"{"select":"*","failOnOOM":"1h"\#(keys)}"#).0
        }
        func set(_ kills: Int64) {
            bench.kernel.script.withLock { $0.containers = [figures("web") { $0.oomKills = kills }] }
        }
        let old = try kind("").makeProbe(definition, bench.context)
        set(5)
        #expect(await bench.run(old).outcome == .pass)
        set(6)
        #expect(await bench.run(old).reason == "oom.killed")

        let new = try kind(#","warnCPUPercent":80"#).makeProbe(definition, bench.context, following: old)
        old.close()

        #expect(await bench.run(new).reason == "oom.killed")
        let other = try kind("").makeProbe(definition, bench.context)
        #expect(await bench.run(other).outcome == .pass, "who follows nobody knows of none")
    }

    @Test("faulty keys are named")
    func configuration() throws {
        #expect(try reading(ContainerKind.self, "{}").1.first?.contains("`select` is missing") == true)
        #expect(try reading(ContainerKind.self, #"{"select":[]}"#).1.count == 1)
        #expect(
            try reading(
                ContainerKind.self,
                #"{"select":"a","warnMemoryPercent":9,"failMemoryPercent":8,"failOnOOM":"1ms"}"#
            )
            .1.count == 2)
        #expect(try reading(ContainerKind.self, #"{"select":["!a","b*"]}"#).0.target.description == "!a b*")
    }
}
