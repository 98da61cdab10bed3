// SPDX-License-Identifier: Apache-2.0

import Glibc
import Outbound
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What is read of a captured host")
struct SamplerTests {
    @Test("the whole page of the captured host is as it was")
    func golden() throws {
        let page = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost))
        let path = KernelFixture.directory + "/linux-6.1-debian12-podman.sheet"
        if getenv("UPDATE_GOLDEN") != nil {
            let file = try #require(fopen(path, "w"))
            for line in page { fputs(line + "\n", file) }
            fclose(file)
        }

        let descriptor = open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        let golden = String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n").map(
            String.init)

        #expect(page.count == golden.count)
        for (line, expected) in zip(page, golden) where line != expected {
            Issue.record("\(line) is not \(expected)")
        }
    }

    @Test("no series stands twice on the page")
    func unique() {
        let keys = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost)).map {
            $0[..<($0.lastIndex(of: " ") ?? $0.endIndex)]
        }

        #expect(Set(keys).count == keys.count)
    }

    @Test("crun's limits come from the child, totals from the scope")
    func crun() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)

        let figures = try #require(sampler.containers(Selection([KernelFixture.worker])).containers.first)

        #expect(figures.memoryLimit == .limited(ByteCount(67_108_864)))
        #expect(figures.cpuMicroseconds == 63_400_387)
        #expect(figures.processes == 2)
        #expect(figures.populated == true)
        #expect(figures.networkReceivedBytes == 1586)
        #expect(figures.started == WallTime(nanoseconds: 1_795_374_286_900_000_000))
        let percent = try #require(figures.memoryPercent)
        #expect(abs(percent - 1_961_984.0 / 67_108_864 * 100) < 1e-9)
    }

    @Test("a container in the host's network namespace has no network, monitors are no containers")
    func network() {
        let page = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost))

        #expect(page.contains { $0.hasPrefix("container_network_receive_bytes_total") })
        #expect(!page.contains { $0.hasPrefix("container_network") && $0.contains(KernelFixture.idle) })
        #expect(page.contains { $0.hasPrefix("container_cpu_usage") && $0.contains(KernelFixture.idle) })
        #expect(!page.contains { $0.contains("conmon") || $0.contains("/container\",name=") })
    }

    @Test("a unit's name with \\x2d is escaped on the page and unescaped in unit")
    func escaped() {
        let page = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost))

        #expect(
            page.contains(
                #"vitald_container_info{id="/system.slice/name\\x2dwith\\x2ddash.service",name="",image="","#
                    + #"runtime="systemd",unit="name-with-dash.service",pod="",uid=""} 1"#))
    }

    @Test("include, exclude, host and units decide what is on the page; a named one is answered all the same")
    func selections() throws {
        var options = KernelOptions(
            include: Selection(["!redis*", "*.service"]), exclude: Selection(["ssh.service"]), host: false)
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost, options)
        let page = KernelFixture.page(sampler)

        #expect(page.contains { $0.contains("quota.service") })
        for absent in ["redis", "ssh.service", "libpod", "id=\"/\"", "node_"] {
            #expect(!page.contains { $0.contains(absent) }, "\(absent)")
        }
        #expect(page.contains { $0.hasPrefix("process_open_fds") })
        #expect(sampler.containers(Selection(["ssh.service"])).containers.count == 1)
        #expect(!sampler.containers(.all).containers.contains { $0.identity.unit == "ssh.service" })
        #expect(sampler.containers(Selection(["host"])).containers.map(\.identity.id) == ["/"])
        #expect(!KernelFixture.page(sampler).contains { $0.contains("ssh.service") })

        options.include = Selection(["host"])
        sampler.replace(options)
        let ids = KernelFixture.page(sampler).filter { $0.hasPrefix("container_cpu_usage") }
        #expect(ids == [#"container_cpu_usage_seconds_total{id="/",name="",image="",cpu="total"} 170.364"#])
    }

    @Test("self is the unit that vitald runs in")
    func own() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)

        let own = try #require(sampler.own().containers.first)

        #expect(own.identity.id == "/system.slice/ssh.service")
        var options = KernelOptions(include: Selection(["self"]))
        options.host = false
        let page = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost, options))
        #expect(Set(page.filter { $0.hasPrefix("vitald_container_info") }).count == 1)
    }

    @Test("beyond the limit containers are counted and said, series of whole containers left out")
    func limits() {
        let tallies = TallyBook()
        let few = KernelFixture.sampler(
            KernelFixture.podmanHost, KernelOptions(containerLimit: 3), tallies: tallies)
        let narrow = KernelFixture.sampler(
            KernelFixture.podmanHost, KernelOptions(seriesLimit: 100), tallies: tallies)

        let page = KernelFixture.page(few)
        let short = KernelFixture.page(narrow).filter { $0.hasPrefix("container_") }

        #expect(page.filter { $0.hasPrefix("vitald_container_info") }.count == 3)
        #expect(few.missing.contains { $0.description.hasPrefix("containers: more than 3 ") })
        #expect(!short.isEmpty && short.count <= 100)
        var sheet = Sheet()
        tallies.fill(&sheet)
        let counted = KernelFixture.lines(sheet)
        #expect(
            counted.contains { $0.hasPrefix(#"vitald_dropped_total{what="container",reason="limit"} 1"#) })
        #expect(!counted.contains(#"vitald_dropped_total{what="container_series",reason="limit"} 0"#))
    }

    @Test("few descriptors read the same page as many")
    func fewDescriptors() {
        let many = KernelFixture.page(KernelFixture.sampler(KernelFixture.podmanHost))

        for budget in [0, 1, 7, 50] {
            let sampler = KernelFixture.sampler(
                KernelFixture.podmanHost, KernelOptions(descriptorBudget: budget))
            #expect(KernelFixture.page(sampler) == many, "\(budget)")
            #expect(sampler.reader.kept <= budget)
        }
    }

    @Test("where the limit of the process is lowered, descriptors that are promised to checks are given back")
    func loweredLimit() throws {
        var limit = 8192
        let reader = KernelReader(budget: nil, allowed: { limit })
        let directory = Glibc.open(KernelFixture.podmanHost.proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(directory) }
        var (first, second) = (KernelReader.KeptFile(), KernelReader.KeptFile())
        func isRead(_ file: inout KernelReader.KeptFile) -> Bool {
            reader.lookAtLimit()
            if case .bytes = reader.read(&file, "meminfo", in: directory, now: 0) { return true }
            return false
        }
        var isThere = isRead(&first)
        #expect(isThere)
        #expect(first.descriptor >= 0)

        limit = 8
        isThere = isRead(&first)
        #expect(isThere, "it is read all the same")
        isThere = isRead(&second)
        #expect(isThere)
        #expect(first.descriptor < 0)
        #expect(second.descriptor < 0)
        #expect(reader.kept == 0)

        limit = 8192
        isThere = isRead(&first)
        #expect(isThere)
        #expect(first.descriptor >= 0, "it is kept again where there is room")
        reader.release(&first.descriptor)
    }

    @Test("a steady reading opens next to nothing")
    func steady() {
        let clock = HandClock()
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost, KernelOptions(), clock)
        for _ in 0..<3 {
            _ = KernelFixture.page(sampler)
            clock.advance(.seconds(1))
        }
        let opens = sampler.reader.opens
        let slab = sampler.sheet.slab.count

        _ = KernelFixture.page(sampler)

        // vitald's own cgroup and limits, and net/dev of the one network namespace beside the host's.
        #expect(sampler.reader.opens - opens == 3)
        #expect(sampler.sheet.slab.count == slab)
    }

    @Test("who asks for the host alone has no container read for it, and a full reading answers it too")
    func hostAlone() {
        let clock = HandClock()
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost, KernelOptions(), clock)

        let before = sampler.reader.opens
        sampler.refresh(.host)
        let alone = sampler.hostFigures
        let openedForHost = sampler.reader.opens - before
        let trackedForHost = sampler.tracked.count
        clock.advance(.seconds(1))
        sampler.refresh(.full)
        let full = sampler.hostFigures
        let opened = sampler.reader.opens
        sampler.refresh(.host)

        #expect(alone.memoryTotalBytes == full.memoryTotalBytes)
        #expect(alone.memoryPercent == full.memoryPercent && alone.memoryPercent != nil)
        #expect(alone.memoryPressure == full.memoryPressure && alone.memoryPressure != nil)
        #expect(openedForHost <= 3)
        #expect(trackedForHost == 0 && !sampler.tracked.isEmpty)
        #expect(sampler.reader.opens == opened)
    }

    @Test("texts of containers that are gone do not pile up")
    func slab() throws {
        let tree = try PlainTree()
        tree.write("cgroup/system.slice/cgroup.procs", "")
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)

        for round in 0..<600 {
            let name = "system.slice/unit-\(round)-with-a-name-of-some-length.service"
            tree.container(name, usage: 1)
            clock.advance(.seconds(1))
            let page = KernelFixture.page(sampler)
            #expect(
                page.filter { $0.hasPrefix("vitald_container_info") && $0.contains("unit-\(round)-") }.count
                    == 1)
            tree.remove("cgroup/" + name)
        }
        #expect(sampler.sheet.slab.count < 600 << 10)
    }

    @Test("a hybrid machine says what is missing and why; a machine without cgroup2 too")
    func missing() throws {
        let tree = try PlainTree()
        tree.write("sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n")
        tree.write("sys/fs/cgroup/unified/cgroup.procs", "")
        tree.write("sys/fs/cgroup/unified/cpu.stat", "usage_usec 5\nuser_usec 3\nsystem_usec 2\n")
        tree.write(
            "proc/self/mountinfo",
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")
        let hybrid = KernelFixture.sampler(KernelRoots(proc: tree.path + "/proc", sys: tree.path + "/sys"))
        let page = KernelFixture.page(hybrid)
        let bare = try PlainTree()
        bare.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
        let none = KernelFixture.sampler(KernelRoots(proc: bare.path + "/proc", sys: bare.path + "/sys"))
        _ = KernelFixture.page(none)

        #expect(
            page.contains(#"container_cpu_usage_seconds_total{id="/",name="",image="",cpu="total"} 0.000005"#)
        )
        #expect(!page.contains { $0.hasPrefix("container_memory") })
        #expect(hybrid.missing.contains { $0.fact.contains("has no cpu, memory, io, pids controller") })
        #expect(hybrid.missing.contains { $0.description.hasPrefix("pressure: ") })
        #expect(
            none.missing.contains {
                $0.description.hasPrefix("containers: no cgroup2 file system is mounted")
            })
    }

    @Test("names and images come from the files of Docker and podman, and selections see them")
    func names() throws {
        let tree = try PlainTree()
        let docker = String(repeating: "ab", count: 32)
        let podman = String(repeating: "cd", count: 32)
        tree.container("docker/\(docker)", usage: 1)
        tree.container("libpod_parent/libpod-\(podman)", usage: 1)
        tree.write(
            "files/var/lib/docker/containers/\(docker)/config.v2.json",
            #"{"ID":"x","Name":"/web","Config":{"Image":"nginx:1.27","Env":["SECRET=1"]}}"#)
        tree.write(
            "files/var/lib/containers/storage/overlay-containers/containers.json",
            #"[{"id":"\#(podman)","names":["db"],"metadata":"{\"image-name\":\"postgres:17\"}"}]"#)
        var roots = tree.roots
        roots.files = tree.path + "/files"
        let sampler = KernelFixture.sampler(roots, KernelOptions(include: Selection(["web", "db"])))

        let page = KernelFixture.page(sampler).filter { $0.hasPrefix("container_cpu_usage") }

        #expect(page.count == 2)
        #expect(page.contains { $0.contains(#"name="web",image="nginx:1.27""#) })
        #expect(page.contains { $0.contains(#"name="db",image="postgres:17""#) })
        #expect(!KernelFixture.page(sampler).contains { $0.contains("SECRET") })
    }

    @Test("two names that look the same on the page give one container, not a page that is refused")
    func sameText() throws {
        let tree = try PlainTree()
        tree.container("a\rb.service", usage: 1)
        tree.container("a b.service", usage: 1)
        tree.container("q\"uote\\.service", usage: 1)

        let page = KernelFixture.page(KernelFixture.sampler(tree.roots))
            .filter { $0.hasPrefix("container_cpu_usage") }

        #expect(page.count == 3 - 1)
        #expect(page.contains { $0.contains(#"id="/q\"uote\\.service""#) })
    }

    @Test("a peer's unit and container come from its cgroup")
    func peers() {
        let resolver = PeerResolver(roots: KernelFixture.podmanHost)

        #expect(resolver.origin(ofProcess: 0) == nil)
        #expect(resolver.origin(ofProcess: 999_999) == nil)
        #expect(resolver.origin(ofProcess: 1) == PeerOrigin(unit: "init.scope", container: ""))
        #expect(resolver.origin(ofProcess: 429)?.container == "44fbd59eadc8")
    }
}
