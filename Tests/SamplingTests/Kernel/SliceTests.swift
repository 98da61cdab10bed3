// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Slices, scopes, bare cgroups and frozen ones")
struct SliceTests {
    private func sampler(_ options: KernelOptions = KernelOptions(host: false)) throws -> (
        KernelSampler, PlainTree
    ) {
        let tree = try PlainTree()
        let files = [
            "memory.current": "950\n", "memory.max": "1000\n", "memory.stat": "inactive_file 0\n",
        ]
        tree.write("cgroup/cgroup.procs", "")
        tree.container("agents.slice", usage: 7, more: files)
        tree.container("agents.slice/agents-web.slice", usage: 6)
        tree.container("agents.slice/agents-web.slice/agno@1.service", usage: 5)
        tree.container("user.slice/user-0.slice/session-1.scope", usage: 4)
        tree.container("bare/inner", usage: 3, more: files)
        let id = String(repeating: "ab", count: 32)
        tree.container("system.slice/docker-\(id).scope", usage: 2)
        tree.container("system.slice/docker-\(id).scope/inside.slice", usage: 1)
        return (KernelFixture.sampler(tree.roots, options), tree)
    }

    private func judge<Kind: ProbeKind>(_ kind: Kind.Type, _ json: String, _ sampler: KernelSampler) throws
        -> ProbeResult
    {
        let (made, faults) = try reading(kind, json)
        #expect(faults.isEmpty)
        switch made {
        case let kind as UnitKind:
            return kind.judge(sampler.containers(kind.selection), restarts: [:])
        case let kind as MemoryKind:
            let picked = try #require(kind.picked)
            return kind.judge(picked, sampler.containers(picked))
        case let kind as ContainerKind:
            return kind.judge(sampler.containers(try #require(kind.picked)), recentKills: [:])
        default: throw POSIXFault(EINVAL)
        }
    }

    @Test("a slice can be named in unit, of and select, and a bare cgroup by its path")
    func named() throws {
        let (sampler, tree) = try sampler()
        defer { withExtendedLifetime(tree) {} }

        #expect(try judge(UnitKind.self, #"{"unit":"agents.slice"}"#, sampler).message == "agents.slice runs")
        #expect(
            try judge(UnitKind.self, #"{"unit":"agents-web.slice"}"#, sampler).message
                == "agents-web.slice runs")
        #expect(try judge(UnitKind.self, #"{"unit":"session-1.scope"}"#, sampler).outcome == .pass)
        #expect(try judge(UnitKind.self, #"{"unit":"inside.slice"}"#, sampler).outcome == .fail)
        let memory = try judge(MemoryKind.self, #"{"of":"agents.slice"}"#, sampler)
        #expect(memory.outcome == .fail && memory.reason == "memory.full")
        #expect(memory.message.hasPrefix("agents.slice: 95% memory used"))
        let byPath = try judge(MemoryKind.self, #"{"of":"/agents.slice"}"#, sampler)
        #expect(byPath.reason == "memory.full")
        let bare = try judge(MemoryKind.self, #"{"of":"/bare/inner"}"#, sampler)
        #expect(bare.message.hasPrefix("/bare/inner: 95% memory used"))
        #expect(
            try judge(ContainerKind.self, #"{"select":"agents.slice"}"#, sampler).message
                == "agents.slice: runs, memory 95%")
        let below = try judge(ContainerKind.self, #"{"select":"/agents.slice"}"#, sampler)
        #expect(below.message == "3 of 3 units run")
        #expect(try judge(UnitKind.self, #"{"unit":"none.slice"}"#, sampler).reason == "unit.inactive")
    }

    @Test("systemdUnits takes slices and scopes onto the page, and not without")
    func page() throws {
        let (plain, first) = try sampler()
        let (whole, second) = try sampler(
            KernelOptions(systemdUnits: ["*.slice", "*.scope", "*.service"], host: false))
        defer { withExtendedLifetime((first, second)) {} }
        func ids(_ sampler: KernelSampler) -> [String] {
            KernelFixture.page(sampler).filter { $0.hasPrefix("container_cpu_usage") }.compactMap {
                $0.split(separator: "\"").dropFirst().first.map(String.init)
            }
        }
        let id = String(repeating: "ab", count: 32)

        #expect(
            ids(plain) == [
                "/agents.slice/agents-web.slice/agno@1.service", "/system.slice/docker-\(id).scope",
            ])
        #expect(
            ids(whole) == [
                "/agents.slice", "/agents.slice/agents-web.slice",
                "/agents.slice/agents-web.slice/agno@1.service", "/system.slice/docker-\(id).scope",
                "/user.slice/user-0.slice/session-1.scope",
            ])
        #expect(
            KernelFixture.page(whole).contains(
                #"vitald_container_info{id="/agents.slice",name="",image="",runtime="systemd",unit="agents.slice",pod="",uid=""} 1"#
            ))
    }

    @Test(
        "all containers are those that are containers: neither services nor the root, unless they are named")
    func all() throws {
        let (sampler, tree) = try sampler()
        defer { withExtendedLifetime(tree) {} }
        let id = String(repeating: "ab", count: 6)

        #expect(try judge(ContainerKind.self, #"{"select":"*"}"#, sampler).message == "\(id): runs")
        #expect(
            try judge(ContainerKind.self, #"{"select":["*","host"]}"#, sampler).message
                == "2 of 2 containers and units run")
        #expect(
            try judge(ContainerKind.self, #"{"select":"agno@*"}"#, sampler).message.hasPrefix(
                "agno@1.service: runs"))
        let some = try judge(ContainerKind.self, #"{"select":["*","db"]}"#, sampler)
        #expect(some.outcome == .fail && some.reason == "container.missing")
        #expect(some.message.hasPrefix("no container matches db"))
    }

    @Test("frozen is a state of its own, for checks and for lists")
    func frozen() throws {
        let (sampler, tree) = try sampler()
        tree.write(
            "cgroup/agents.slice/agents-web.slice/agno@1.service/cgroup.events", "populated 1\nfrozen 1\n")

        let unit = try judge(UnitKind.self, #"{"unit":"agno@1"}"#, sampler)
        let container = try judge(ContainerKind.self, #"{"select":"agno@1.service"}"#, sampler)
        let figures = try #require(sampler.containers(Selection(["agno@1.service"])).containers.first)

        #expect(unit.outcome == .fail && unit.reason == "unit.frozen")
        #expect(unit.message.contains("systemctl thaw agno@1.service"))
        #expect(container.outcome == .fail && container.reason == "container.frozen")
        #expect(ContainerView(figures).status == "frozen")
        // One that is empty is not frozen but gone.
        tree.write(
            "cgroup/agents.slice/agents-web.slice/agno@1.service/cgroup.events", "populated 0\nfrozen 1\n")
        sampler.lastFull = .distantPast
        #expect(try judge(UnitKind.self, #"{"unit":"agno@1"}"#, sampler).reason == "unit.inactive")
    }

    @Test(
        "a real cgroup that is frozen is said to be, and a new one has a rate at its first reading",
        .enabled(if: ChurnTests.mount != nil, "no cgroup2 mount in which children may be made (needs root)"))
    func real() throws {
        let mount = try #require(ChurnTests.mount)
        let top = mount + "/vitald-test-\(getpid())-frozen"
        try #require(mkdir(top, 0o755) == 0)
        let unit = top + "/job.service"
        let child = try Child()
        defer {
            child.end()
            while rmdir(unit) != 0, errno == EBUSY { sched_yield() }
            rmdir(top)
        }
        let clock = HandClock()
        let sampler = KernelFixture.sampler(
            KernelRoots(proc: "/proc", sys: "/sys", cgroup: top), KernelOptions(host: false), clock)
        _ = KernelFixture.page(sampler)
        clock.advance(.seconds(2))
        try #require(mkdir(unit, 0o755) == 0)
        try #require(Child.write("\(child.pid)\n", to: unit + "/cgroup.procs"))

        let young = try #require(sampler.containers(Selection(["job.service"])).containers.first)
        try #require(Child.write("1\n", to: unit + "/cgroup.freeze"))
        while KernelFixture.text(unit + "/cgroup.events")?.hasSuffix("frozen 1\n") == false { sched_yield() }
        clock.advance(.seconds(2))
        let frozen = try judge(UnitKind.self, #"{"unit":"job.service"}"#, sampler)
        try #require(Child.write("0\n", to: unit + "/cgroup.freeze"))

        #expect(young.cpuPercentOfCore != nil, "it was not there two seconds ago, and had used nothing then")
        #expect(frozen.reason == "unit.frozen", "\(frozen)")
    }

    /// A process that waits.
    private final class Child {
        let pid: pid_t

        init() throws {
            var pid: pid_t = 0
            var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
            defer { arguments.forEach { free($0) } }
            let code = posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, nil)
            guard code == 0 else { throw POSIXFault(code) }
            self.pid = pid
        }

        func end() {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }

        static func write(_ text: String, to path: String) -> Bool {
            let descriptor = open(path, O_WRONLY)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            return Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } > 0
        }
    }
}
