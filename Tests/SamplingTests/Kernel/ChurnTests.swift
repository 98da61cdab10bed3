// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Containers that come and go")
struct ChurnTests {
    /// The cgroup2 mount of this machine, when children may be made below it.
    static let mount: String? = {
        let reader = KernelReader(budget: 0)
        guard case .bytes(let bytes) = reader.read(path: "/proc/self/mountinfo") else { return nil }
        let found = CgroupMount(MountTable(parsing: bytes), KernelRoots())
        guard let directory = found.directory else { return nil }
        let trial = directory + "/vitald-test-\(getpid())-trial"
        guard mkdir(trial, 0o755) == 0 else { return nil }
        rmdir(trial)
        return directory
    }()

    @Test(
        "a directory that appears is on the next page, one that goes is not, the same name again is another")
    func plain() throws {
        let tree = try PlainTree()
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        func usage() -> [String] {
            clock.advance(.seconds(1))
            return KernelFixture.page(sampler).filter { $0.hasPrefix("container_cpu_usage") }
        }
        tree.write("cgroup/cgroup.procs", "")
        #expect(usage().isEmpty)

        tree.container("a.service", usage: 1_000_000)
        #expect(
            usage() == [#"container_cpu_usage_seconds_total{id="/a.service",name="",image="",cpu="total"} 1"#]
        )
        tree.remove("cgroup/a.service")
        tree.container("a.service", usage: 2_000_000)
        #expect(
            usage() == [#"container_cpu_usage_seconds_total{id="/a.service",name="",image="",cpu="total"} 2"#]
        )
        #expect(sampler.containers(Selection(["a.service"])).containers.first?.cpuPercentOfCore == nil)
        tree.remove("cgroup/a.service")
        #expect(usage().isEmpty)
        tree.container("a.service", usage: 3, more: ["cgroup.events": "populated 0\n"])
        #expect(usage().isEmpty)
        #expect(sampler.containers(Selection(["a.service"])).containers.first?.populated == false)
    }

    @Test("a file that appears later is found, without a look at each reading")
    func lateFile() throws {
        let tree = try PlainTree()
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        tree.container("a.service", usage: 1)
        _ = KernelFixture.page(sampler)
        tree.write("cgroup/a.service/memory.current", "4096\n")
        clock.advance(.seconds(1))
        #expect(!KernelFixture.page(sampler).contains { $0.hasPrefix("container_memory_usage_bytes") })
        clock.advance(.seconds(10))

        #expect(KernelFixture.page(sampler).contains { $0.hasPrefix("container_memory_usage_bytes") })
    }

    @Test("ten thousand directories made and removed during readings never give a wrong sample")
    func plainLoop() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        tree.container("steady.service", usage: 77)
        let path = tree.path + "/cgroup/churn.service"
        try churn(tree.roots, path: path, rounds: 10_000, steady: "77") {
            let file = path + "/cpu.stat"
            let descriptor = open(file, O_WRONLY | O_CREAT, 0o644)
            if descriptor >= 0 {
                let text = Array("usage_usec 5000000\nuser_usec 0\nsystem_usec 0\n".utf8)
                _ = text.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                close(descriptor)
            }
            unlink(file)
        }
    }

    @Test(
        "ten thousand real cgroups made and removed during readings never give a wrong sample",
        .enabled(if: mount != nil, "no cgroup2 mount in which children may be made (needs root)"))
    func realLoop() throws {
        let mount = try #require(Self.mount)
        let top = mount + "/vitald-test-\(getpid())-churn"
        try #require(mkdir(top, 0o755) == 0)
        defer { rmdir(top) }
        let roots = KernelRoots(proc: "/proc", sys: "/sys", cgroup: top)
        try churn(roots, path: top + "/churn.service", rounds: 10_000, steady: nil) {}
    }

    @Test(
        "a real cgroup with a process in it is measured, gone with the next reading, and new when it comes back",
        .enabled(if: mount != nil, "no cgroup2 mount in which children may be made (needs root)"))
    func realLife() throws {
        let mount = try #require(Self.mount)
        let top = mount + "/vitald-test-\(getpid())-life"
        let unit = top + "/job.service"
        try #require(mkdir(top, 0o755) == 0)
        defer {
            rmdir(unit)
            rmdir(top)
        }
        let clock = HandClock()
        let sampler = KernelFixture.sampler(
            KernelRoots(proc: "/proc", sys: "/sys", cgroup: top), KernelOptions(), clock)
        func page() -> [String] {
            clock.advance(.seconds(1))
            return KernelFixture.page(sampler).filter { $0.contains("job.service") }
        }
        for life in 0..<3 {
            try #require(mkdir(unit, 0o755) == 0)
            let pid = try Self.sleeper()
            try #require(Self.write("\(pid)\n", to: unit + "/cgroup.procs"))
            let alive = page()
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            // The kernel empties the cgroup a moment after the process was waited for.
            while rmdir(unit) != 0, errno == EBUSY { sched_yield() }

            #expect(alive.contains { $0.hasPrefix("container_processes") && $0.hasSuffix(" 1") }, "\(life)")
            #expect(alive.contains { $0.hasPrefix("container_start_time_seconds") })
            #expect(alive.contains { $0.hasPrefix("container_creation_time_seconds") })
            #expect(!alive.contains { $0.hasPrefix("container_network") })
            #expect(page().isEmpty)
        }
        #expect(sampler.reader.kept < 60)
    }

    /// Reads while another thread makes and removes one directory; every sample must be one that was true.
    private func churn(
        _ roots: KernelRoots, path: String, rounds: Int, steady: String?,
        between: @escaping @Sendable () -> Void
    ) throws {
        let clock = HandClock()
        let sampler = KernelFixture.sampler(roots, KernelOptions(host: false), clock)
        var readings = 0
        let worker = Worker(rounds: rounds, path: path, between: between)
        try worker.start()
        while !worker.isDone || readings < 50 {
            clock.advance(.seconds(1))
            let page = KernelFixture.page(sampler)
            readings += 1
            let usage = page.filter { $0.hasPrefix("container_cpu_usage") && $0.contains("churn.service") }
            #expect(usage.count <= 1)
            for line in usage { #expect(line.hasSuffix(" 5") || line.hasSuffix(" 0"), "\(line)") }
            if let steady {
                #expect(
                    page.contains { $0.contains("steady.service") && $0.hasSuffix(" 0.0000\(steady)") })
            }
        }
        clock.advance(.seconds(1))
        #expect(!KernelFixture.page(sampler).contains { $0.contains("churn.service") })
        #expect(sampler.reader.kept < 80)
    }

    /// A thread of its own that makes and removes a directory again and again.
    private final class Worker: Sendable {
        private let rounds: Int
        private let path: String
        private let between: @Sendable () -> Void
        private let done = Atomic<Bool>(false)

        init(rounds: Int, path: String, between: @escaping @Sendable () -> Void) {
            self.rounds = rounds
            self.path = path
            self.between = between
        }

        var isDone: Bool { done.load(ordering: .acquiring) }

        func start() throws {
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Worker>.fromOpaque(pointer).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
            guard code == 0 else { throw POSIXFault(code) }
            pthread_detach(thread)
        }

        private func run() {
            for _ in 0..<rounds {
                mkdir(path, 0o755)
                between()
                rmdir(path)
            }
            done.store(true, ordering: .releasing)
        }
    }

    private static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } > 0
    }

    private static func sleeper() throws -> pid_t {
        var pid: pid_t = 0
        let path = "/bin/sleep"
        let code = path.withCString { program in
            "60".withCString { argument in
                var arguments: [UnsafeMutablePointer<CChar>?] = [
                    UnsafeMutablePointer(mutating: program), UnsafeMutablePointer(mutating: argument), nil,
                ]
                return posix_spawn(&pid, program, nil, nil, &arguments, nil)
            }
        }
        guard code == 0 else { throw POSIXFault(code) }
        return pid
    }
}
