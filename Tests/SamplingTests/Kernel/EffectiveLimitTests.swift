// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("The limit that bites, whichever cgroup sets it")
struct EffectiveLimitTests {
    private let tree: PlainTree
    private let clock = HandClock()
    private static let hex = String(repeating: "ab", count: 32)
    private let place = "agents.slice/agents-inner.slice/docker-\(EffectiveLimitTests.hex).scope"

    init() throws {
        tree = try PlainTree()
        tree.write("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 2000000 kB\n")
        tree.write("proc/stat", "cpu0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\nbtime 1\n")
    }

    private func slice(_ name: String, _ files: [String: String]) {
        for (file, text) in files { tree.write("cgroup/\(name)/\(file)", text + "\n") }
    }

    /// A slice of which so many bytes are in use, and as many again are inactive page cache.
    private func slice(_ name: String, max: String = "max", high: String = "max", used: Int) {
        slice(
            name,
            [
                "memory.max": max, "memory.high": high, "memory.current": "\(2 * used)",
                "memory.stat": "anon 1\ninactive_file \(used)",
            ])
    }

    /// A container that uses 20,000,000 bytes and has no limit of its own.
    private func container(_ more: [String: String] = [:], usage: Int64 = 1) {
        let files = [
            "memory.max": "max\n", "memory.high": "max\n", "memory.current": "30000000\n",
            "memory.stat": "inactive_file 10000000\n",
        ]
        tree.container(place, usage: usage, more: files.merging(more) { $1 })
    }

    private func sampler(_ options: KernelOptions = KernelOptions(host: false)) -> KernelSampler {
        KernelFixture.sampler(tree.roots, options, clock)
    }

    private func figures(_ sampler: KernelSampler) throws -> ContainerFigures {
        try #require(
            sampler.containers(Selection(["/\(place)"])).containers.first { $0.identity.runtime == "docker" })
    }

    /// The samples of a family, as `level value`.
    private func samples(_ page: [String], _ family: String) -> [String] {
        page.filter { $0.hasPrefix(family + "{") && $0.contains("/\(place)\"") }.compactMap { line in
            line.firstRange(of: "level=\"").map {
                line[$0.upperBound...].filter { $0 != "\"" && $0 != "}" }
            }
        }
    }

    @Test(
        "a slice at 97 % with a child of max is 97 %; the smallest limit and the least room name their cgroups"
    )
    func nested() throws {
        slice("agents.slice", max: "1000000000", used: 970_000_000)
        slice("agents.slice/agents-inner.slice", high: "500000000", used: 100_000_000)
        container()
        let sampler = sampler()

        let page = KernelFixture.page(sampler)
        let figures = try figures(sampler)

        let limits = try #require(figures.limits)
        #expect(figures.memoryPercent == 97)
        #expect(figures.memoryLimit == .unlimited)
        #expect(
            limits.memoryFill
                == .init(
                    level: "/agents.slice", file: .max, limit: ByteCount(1_000_000_000),
                    used: ByteCount(970_000_000))
        )
        #expect(limits.memory == .init(500_000_000, "/agents.slice/agents-inner.slice"))
        #expect(limits.memoryFile == .high)
        #expect(limits.memoryAvailable == .init(30_000_000, "/agents.slice"))
        #expect(limits.unread.isEmpty)
        #expect(
            samples(page, "vitald_container_effective_memory_limit_bytes")
                == ["/agents.slice/agents-inner.slice 500000000"])
        #expect(samples(page, "vitald_container_memory_available_bytes") == ["/agents.slice 30000000"])
        #expect(samples(page, "vitald_container_effective_cpu_limit_cores") == [])
        #expect(
            page.contains {
                $0.hasPrefix("container_spec_memory_limit_bytes{id=\"/\(place)\"") && $0.hasSuffix(" 0")
            })
    }

    @Test(
        "memory.high bites before a larger memory.max, and may be exceeded; of equal ones memory.max is named"
    )
    func high() throws {
        slice("agents.slice", max: "1000", high: "400", used: 500)
        container(["memory.current": "9\n", "memory.max": "1000\n", "memory.high": "1000\n"])

        let limits = try #require(try figures(sampler()).limits)

        #expect(
            limits.memoryFill
                == .init(level: "/agents.slice", file: .high, limit: ByteCount(400), used: ByteCount(500)))
        #expect(limits.memoryFill?.percent == 125)
        #expect(limits.memory == .init(400, "/agents.slice"))
        #expect(limits.memoryAvailable == .init(0, "/agents.slice"))
        tree.remove("cgroup/agents.slice/memory.high")
        slice("agents.slice", max: "1000", used: 500)
        container([
            "memory.current": "600\n", "memory.stat": "", "memory.max": "1000\n", "memory.high": "1000\n",
        ])
        let equal = try #require(try figures(self.sampler()).limits)
        #expect(equal.memory == .init(1000, "/\(place)") && equal.memoryFile == .max)
        #expect(equal.memoryFill?.file == .max && equal.memoryFill?.percent == 60)
    }

    @Test(
        "without a limit it is of the host, and no more is available than the host has; a limit above that too"
    )
    func host() throws {
        container()
        let free = sampler()
        let page = KernelFixture.page(free)
        let alone = try figures(free)
        slice("agents.slice", max: "9000000000000", used: 20_000_000)
        let loose = try figures(sampler())

        for figures in [alone, loose] {
            #expect(figures.memoryPercent == 20_000_000.0 / 4_096_000_000 * 100)
            #expect(figures.limits?.memoryFill == nil)
            #expect(figures.limits?.memoryAvailable == .init(2_048_000_000, "host"))
        }
        #expect(alone.limits?.memory == nil)
        #expect(loose.limits?.memory == .init(9_000_000_000_000, "/agents.slice"))
        #expect(samples(page, "vitald_container_effective_memory_limit_bytes") == [])
        #expect(samples(page, "vitald_container_memory_available_bytes") == ["host 2048000000"])
    }

    @Test(
        "swap and processes: the smallest limit, and the least room, each with its cgroup; swap is no room for memory"
    )
    func others() throws {
        slice(
            "agents.slice",
            [
                "memory.swap.max": "1000", "memory.swap.current": "990", "pids.max": "200",
                "pids.current": "199",
            ])
        container([
            "memory.swap.max": "500\n", "memory.swap.current": "20\n", "pids.max": "100\n",
            "pids.current": "10\n",
            "memory.max": "20000100\n",
        ])

        let limits = try #require(try figures(sampler()).limits)

        #expect(limits.swap == .init(500, "/\(place)"))
        #expect(limits.swapAvailable == .init(10, "/agents.slice"))
        #expect(limits.pids == .init(100, "/\(place)"))
        #expect(limits.pidsAvailable == .init(1, "/agents.slice"))
        #expect(limits.memoryAvailable == .init(100, "/\(place)"))
    }

    @Test("a slice's CPU quota bounds what is in it: by what the slice uses, and by how it is throttled")
    func processors() throws {
        func statistics(_ usage: Int64, _ periods: Int64, _ throttled: Int64) -> String {
            "usage_usec \(usage)\nuser_usec 0\nsystem_usec 0\nnr_periods \(periods)\nnr_throttled \(throttled)\n"
                + "throttled_usec 0"
        }
        slice("agents.slice", ["cpu.max": "200000 100000", "cpu.stat": statistics(0, 0, 0)])
        slice("agents.slice/agents-inner.slice", ["cpu.max": "max 100000", "cpu.stat": statistics(0, 0, 0)])
        container(["cpu.max": "400000 100000\n"], usage: 0)
        let sampler = sampler()
        sampler.refresh(.baseline)
        slice("agents.slice", ["cpu.stat": statistics(3_600_000, 20, 5)])
        container(["cpu.max": "400000 100000\n"], usage: 1_000_000)
        clock.advance(.seconds(2))

        let page = KernelFixture.page(sampler)
        let figures = try figures(sampler)

        #expect(figures.cpuPercentOfCore == 50)
        #expect(figures.cpuPercentOfQuota == 90)
        #expect(figures.throttledPercent == 25)
        #expect(figures.limits?.cores == .init(2, "/agents.slice"))
        #expect(figures.limits?.cpuFill == .init(level: "/agents.slice", cores: 2, percent: 90))
        #expect(figures.limits?.throttledLevel == "/agents.slice")
        #expect(samples(page, "vitald_container_effective_cpu_limit_cores") == ["/agents.slice 2"])
        #expect(page.contains { $0.hasPrefix("container_spec_cpu_quota{") && $0.hasSuffix(" 400000") })
    }

    @Test("a quota whose level does not tell what it uses is compared with what the container uses itself")
    func silentQuota() throws {
        slice("agents.slice", ["cpu.max": "200000 100000", "memory.max": "40000000"])
        container(usage: 0)
        let sampler = sampler()
        sampler.refresh(.baseline)
        container(usage: 1_000_000)
        clock.advance(.seconds(1))

        let figures = try figures(sampler)

        #expect(figures.cpuPercentOfQuota == 50)
        #expect(figures.memoryPercent == 50)
        #expect(figures.limits?.memoryAvailable == .init(20_000_000, "/agents.slice"))
    }

    @Test(
        "crun's payload is read for every runtime, and names itself",
        arguments: [
            "docker-@.scope", "cri-containerd-@.scope", "crio-@.scope", "nerdctl-@.scope", "libpod-@.scope",
        ])
    func payload(_ name: String) throws {
        let scope = name.split(separator: "@").joined(separator: Self.hex)
        tree.container(
            scope, usage: 1,
            more: ["memory.max": "max\n", "memory.current": "30\n", "cpu.max": "max 100000\n"])
        slice(
            "\(scope)/container",
            ["memory.max": "60", "memory.high": "40", "cpu.max": "50000 100000", "pids.max": "7"])

        let page = KernelFixture.page(sampler())

        func value(_ family: String) -> String? {
            page.first { $0.hasPrefix("\(family){id=\"/\(scope)\"") }?.split(separator: "}").last.map(
                String.init)
        }
        #expect(value("container_spec_memory_limit_bytes") == " 60")
        #expect(value("container_spec_cpu_quota") == " 50000")
        #expect(value("container_threads_max") == " 7")
        #expect(value("vitald_container_effective_memory_limit_bytes") == " 40")
        #expect(value("vitald_container_effective_cpu_limit_cores") == " 0.5")
        #expect(value("vitald_container_memory_available_bytes") == " 10")
        #expect(
            page.contains {
                $0.contains("_memory_limit_bytes") && $0.contains("level=\"/\(scope)/container\"")
            })
        #expect(!page.contains { $0.contains("id=\"/\(scope)/container\"") })
    }

    @Test(
        "a limit that cannot be read makes limit and room unknown, not larger; what is full is full all the same"
    )
    func unreadable() throws {
        slice("agents.slice", used: 10)
        tree.remove("cgroup/agents.slice/memory.max")
        tree.write("cgroup/agents.slice/memory.max/x", "")
        container(["memory.max": "20000000\n", "pids.max": "5\n", "pids.current": "1\n"])
        let sampler = sampler()

        let page = KernelFixture.page(sampler)
        let figures = try figures(sampler)

        let limits = try #require(figures.limits)
        #expect(limits.unread.map(\.resource) == [.memory])
        #expect(limits.unread.first?.file.name == "/agents.slice/memory.max")
        #expect(limits.unread.first?.file.problem == "Is a directory")
        #expect(
            sampler.unmeasured.contains {
                $0.subject == .containerFile && $0.fact.contains("memory.max of /agents.slice")
            })
        #expect(limits.memory == nil && limits.memoryAvailable == nil)
        #expect(figures.memoryPercent == 100)
        #expect(limits.pids == .init(5, "/\(place)"))
        #expect(samples(page, "vitald_container_effective_memory_limit_bytes") == [])
        #expect(samples(page, "vitald_container_memory_available_bytes") == [])
    }

    @Test("a cgroup above is read once, however many are below it, and not again where it is measured itself")
    func once() throws {
        func opens(_ count: Int, above: String) throws -> Int {
            let tree = try PlainTree()
            for file in ["memory.max", "memory.high", "memory.swap.max", "cpu.max", "pids.max"] {
                tree.write("cgroup/\(above)/\(file)", file == "cpu.max" ? "max 100000\n" : "max\n")
            }
            for number in 0..<count { tree.container("\(above)/x-\(number).service", usage: 1) }
            // Where nothing may be kept open, every read opens.
            let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false, descriptorBudget: 0))
            sampler.refresh(.full)
            return sampler.reader.opens
        }

        let apart = try (1...4).map { try opens($0, above: "agents.slice") }
        let measured = try (1...4).map { try opens($0, above: "user@1.service") }

        #expect(apart[2] - apart[1] == apart[1] - apart[0] && apart[3] - apart[2] == apart[1] - apart[0])
        #expect(measured[1] - measured[0] == apart[1] - apart[0])
        let steady = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        slice("agents.slice", max: "1000000000", used: 970_000_000)
        container()
        steady.refresh(.full)
        clock.advance(.seconds(1))
        let before = steady.reader.opens
        steady.refresh(.full)
        // Its own cgroup, and the lists of processes that three of these cgroups do not have.
        #expect(steady.reader.opens - before == 4)
    }

    @Test("a cgroup above that goes leaves no descriptor behind")
    func gone() throws {
        slice("agents.slice", max: "1000000000", used: 970_000_000)
        container()
        tree.container("web.service", usage: 1)
        let sampler = sampler()
        sampler.refresh(.full)
        #expect(sampler.levels.count == 3)
        tree.remove("cgroup/agents.slice")
        clock.advance(.seconds(1))
        sampler.refresh(.full)
        clock.advance(.seconds(1))
        sampler.refresh(.full)
        let kept = sampler.reader.kept

        let fresh = self.sampler()
        fresh.refresh(.full)
        clock.advance(.seconds(1))
        fresh.refresh(.full)

        #expect(sampler.levels.count == 1)
        #expect(kept == fresh.reader.kept)
    }

    @Test("a level is named as ids are: escaped on the page")
    func names() throws {
        tree.write("cgroup/a\"b.slice/memory.max", "100\n")
        tree.write("cgroup/a\"b.slice/memory.current", "10\n")
        tree.container("a\"b.slice/x.service", usage: 1)

        let page = KernelFixture.page(sampler())

        #expect(
            page.contains(
                #"vitald_container_effective_memory_limit_bytes{id="/a\"b.slice/x.service",name="",image="","#
                    + #"level="/a\"b.slice"} 100"#))
    }
}
