// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What could not be looked at is never said not to run")
struct SightTests {
    /// What a container, a memory and a unit check say of a name, asked of a sampler that knows them from the configuration.
    struct Verdicts {
        var container: ProbeResult
        var memory: ProbeResult
        var unit: ProbeResult

        var all: [ProbeResult] { [container, memory, unit] }
    }

    private static func container(_ name: String, _ keys: String = "") throws -> ContainerKind {
        try reading(ContainerKind.self, #"{"select":"\#(name)"\#(keys)}"#).0
    }

    private static func judge(_ kind: ContainerKind, _ sampler: KernelSampler) throws -> ProbeResult {
        kind.judge(sampler.containers(try #require(kind.picked)), recentKills: [:])
    }

    private static func unit(_ name: String) throws -> UnitKind {
        try reading(UnitKind.self, #"{"unit":"\#(name)"}"#).0
    }

    private static func judge(_ kind: UnitKind, _ sampler: KernelSampler) throws -> ProbeResult {
        kind.judge(sampler.containers(try #require(kind.picked)), restarts: [:])
    }

    static func verdicts(_ sampler: KernelSampler, of name: String = "late.service") throws -> Verdicts {
        let (memory, _) = try reading(MemoryKind.self, #"{"of":"\#(name)"}"#)
        let picked = try #require(memory.picked)
        return Verdicts(
            container: try judge(try container(name), sampler),
            memory: memory.judge(picked, sampler.containers(picked)),
            unit: try judge(try unit(name), sampler))
    }

    private static func hundred(_ tree: PlainTree, named: [String]) {
        tree.write("cgroup/cgroup.procs", "")
        for number in 100..<200 { tree.container("system.slice/a\(number).service", usage: 1) }
        for name in named { tree.container("system.slice/\(name)", usage: 1, more: Self.memory) }
    }

    private static let memory = [
        "memory.current": "2048\n", "memory.max": "4096\n", "memory.stat": "inactive_file 1024\n",
    ]

    @Test("what a check names, by name or by glob, is measured and on the page however small the limit is")
    func limit() throws {
        let tree = try PlainTree()
        Self.hundred(tree, named: ["late.service", "z1.service", "z2.service"])
        let globs = try Self.container("z?.service")
        let checked = [
            try #require(globs.picked), try #require(try Self.unit("late.service").picked),
            try #require(try Self.container("late.service").picked),
        ]
        let tallies = TallyBook()
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, containerLimit: 5), tallies: tallies)

        let verdicts = try Self.verdicts(sampler)
        let page = KernelFixture.page(sampler).filter { $0.hasPrefix("vitald_container_info") }

        #expect(verdicts.all.allSatisfy { $0.outcome == .pass }, "\(verdicts)")
        #expect(try Self.judge(globs, sampler).message == "2 of 2 units run")
        #expect(page.count == 5)
        for name in ["late", "z1", "z2"] {
            #expect(page.contains { $0.contains("/\(name).service") }, "\(name)")
        }
        // The root and two others are there as well.
        #expect(sampler.unmeasured.map(\.count) == [99])
        let gone = try Self.verdicts(sampler, of: "gone.service")
        #expect(gone.all.allSatisfy { $0.outcome == .fail }, "what is not there does not run: \(gone)")
    }

    @Test(
        "a list beyond the limit says how many are missing; the counter counts what is newly left out, the gauge what is"
    )
    func counted() throws {
        let tree = try PlainTree()
        Self.hundred(tree, named: [])
        let clock = HandClock()
        let tallies = TallyBook()
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(containerLimit: 41), clock, tallies: tallies)
        func number(_ series: String) -> String? {
            var sheet = Sheet()
            tallies.fill(&sheet)
            return KernelFixture.lines(sheet).first { $0.hasPrefix(series) }.map {
                String($0.dropFirst(series.utf8.count + 1))
            }
        }
        let dropped = #"vitald_dropped_total{what="container",reason="limit"}"#
        let missing = #"vitald_missing{what="container",reason="limit"}"#

        for _ in 0..<5 {
            _ = KernelFixture.page(sampler)
            clock.advance(.seconds(1))
        }
        let answer = sampler.containers(.all)

        #expect(number(dropped) == "60" && number(missing) == "60")
        #expect(answer.containers.count == 41)
        #expect(answer.unmeasured.map(\.count) == [60] && answer.unmeasured.map(\.cause) == [.limit])
        #expect(
            answer.unmeasured.first?.fact
                == "60 containers and units are not measured: containers.limit is 41")
        tree.container("system.slice/b.service", usage: 1)
        clock.advance(.seconds(1))
        _ = KernelFixture.page(sampler)
        #expect(number(dropped) == "61" && number(missing) == "61")
        sampler.replace(KernelOptions(containerLimit: 1000))
        _ = KernelFixture.page(sampler)
        #expect(number(dropped) == "61" && number(missing) == "0")
        #expect(sampler.unmeasured.isEmpty)
    }

    @Test("a machine with cgroup version 1 alone: everything is unknown, with the cause and the remedy")
    func versionOne() throws {
        let tree = try PlainTree()
        tree.write(
            "proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n31 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        )
        tree.write("proc/self/cgroup", "4:memory:/system.slice/vitald.service\n")
        let sampler = KernelFixture.sampler(KernelRoots(proc: tree.path + "/proc", sys: tree.path + "/sys"))

        let verdicts = try Self.verdicts(sampler)

        for result in verdicts.all {
            #expect(result.outcome == .unknown && result.reason == "inconclusive.cgroup")
            #expect(
                result.message.hasPrefix(
                    "late.service could not be looked at: no cgroup2 file system is mounted"),
                "\(result.message)")
            #expect(result.message.hasSuffix("with --cgroup-root."))
        }
        let (own, _) = try reading(MemoryKind.self, #"{"of":"self"}"#)
        #expect(own.judge(own: sampler.own()).reason == "inconclusive.cgroup")
        #expect(sampler.containers(.all).unmeasured.map(\.cause) == [.cgroup])
    }

    @Test("a hybrid machine: what is seen is judged, of what is not nobody knows")
    func hybrid() throws {
        let tree = try PlainTree()
        tree.write(
            "proc/self/mountinfo",
            "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
                + "33 31 0:35 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")
        tree.container("../sys/fs/cgroup/unified/system.slice/here.service", usage: 1)
        let sampler = KernelFixture.sampler(KernelRoots(proc: tree.path + "/proc", sys: tree.path + "/sys"))

        let here = try Self.judge(try Self.unit("here.service"), sampler)
        let absent = try Self.verdicts(sampler)

        #expect(here.outcome == .pass)
        for result in absent.all {
            #expect(result.outcome == .unknown && result.reason == "inconclusive.cgroup", "\(result)")
            #expect(result.message.contains("cgroup version 1 beside version 2"))
        }
        // What a VPN mounts for itself holds no container.
        tree.write(
            "proc/self/mountinfo",
            "33 31 0:35 / /run/net-cls rw - cgroup cgroup rw,net_cls\n"
                + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n")
        let whole = KernelFixture.sampler(KernelRoots(proc: tree.path + "/proc", sys: tree.path + "/sys"))
        #expect(try Self.verdicts(whole).all.allSatisfy { $0.outcome == .fail })
    }

    @Test(
        "one file that cannot be read costs its own figures, and nothing else of the container",
        arguments: ContainerFile.all.map { "\($0.name)" } + ["cgroup.procs"])
    func oneFile(_ file: String) throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        var files = Self.memory
        files[file] = nil
        tree.container("system.slice/late.service", usage: 5_000_000, more: files)
        unlink("\(tree.path)/cgroup/system.slice/late.service/\(file)")
        mkdir("\(tree.path)/cgroup/system.slice/late.service/\(file)", 0o755)
        let sampler = KernelFixture.sampler(tree.roots)

        let page = KernelFixture.page(sampler)
        let figures = try #require(sampler.containers(Selection(["late.service"])).containers.first)

        #expect(figures.unreadable.map(\.description) == ["\(file) cannot be read: Is a directory"])
        #expect(figures.unreadable.first?.cause == .kernel)
        #expect(page.contains { $0.hasPrefix("vitald_container_info") && $0.contains("late.service") })
        #expect(page.contains { $0.hasPrefix("container_cpu_usage") } == (file != "cpu.stat"))
        #expect(page.contains { $0.hasPrefix("container_memory_usage") } == (file != "memory.current"))
        #expect(page.contains { $0.hasPrefix("container_processes") } == (file != "cgroup.procs"))
        let unit = try Self.judge(try Self.unit("late.service"), sampler)
        let container = try Self.judge(try Self.container("late.service"), sampler)
        if file == "cgroup.events" {
            for result in [unit, container] {
                #expect(result.outcome == .unknown && result.reason == "inconclusive.kernel")
                #expect(
                    result.message.hasSuffix("is not known: cgroup.events cannot be read: Is a directory"))
            }
        } else {
            #expect(unit.outcome == .pass && container.outcome == .pass)
        }
        #expect(page.contains(#"vitald_collector_success{collector="containers"} 0"#))
        #expect(
            sampler.unmeasured.map(\.fact) == [
                "1 file of containers and units cannot be read, such as \(file) of /system.slice/late.service: "
                    + "Is a directory"
            ])
        #expect(sampler.missing.contains { $0.cut?.count == 1 })
    }

    @Test(
        "a threshold on a figure that cannot be read is no pass",
        arguments: [
            ("memory.current", "memory"), ("memory.max", "memory"), ("memory.events", "OOM kills"),
            ("cpu.stat", "CPU"), ("cpu.max", "CPU"),
        ])
    func threshold(_ file: String, _ word: String) throws {
        let tree = try PlainTree()
        tree.write("proc/stat", "cpu0 0 0 0 0 0 0 0 0\nbtime 1\n")
        var files = Self.memory
        files["memory.events"] = "oom_kill 0\n"
        files[file] = nil
        tree.container("system.slice/late.service", usage: 5, more: files)
        unlink("\(tree.path)/cgroup/system.slice/late.service/\(file)")
        mkdir("\(tree.path)/cgroup/system.slice/late.service/\(file)", 0o755)
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        let kind = try Self.container(
            "late.service", #","warnCPUPercent":90,"failMemoryPercent":90,"failOnOOM":"1m""#)
        _ = try Self.judge(kind, sampler)
        clock.advance(.seconds(10))

        let result = try Self.judge(kind, sampler)

        #expect(result.outcome == .unknown && result.reason == "inconclusive.kernel")
        #expect(
            result.message
                == "late.service: runs, but these are not known: \(word) (\(file) cannot be read: Is a directory)"
        )
    }

    @Test(
        "without descriptors, memory or a disk that answers, nobody is said to be gone",
        arguments: [
            (EMFILE, "inconclusive.descriptors", "no descriptors are free"),
            (ENOMEM, "inconclusive.resources", "Cannot allocate memory"),
            (EIO, "inconclusive.kernel", "Input/output error"),
            (EACCES, "inconclusive.kernel", "Permission denied"),
        ] as [(Int32, String, String)], ["late.service", "."])
    func denied(_ fault: (Int32, String, String), _ denied: String) throws {
        let (code, reason, text) = fault
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        tree.container("system.slice/here.service", usage: 1, more: Self.memory)
        tree.container("system.slice/late.service", usage: 1, more: Self.memory)
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        sampler.reader.denial = { name in
            let path = String(cString: name)
            return path == denied || path.hasSuffix("/" + denied) ? code : nil
        }

        let late = try Self.verdicts(sampler)

        for result in late.all {
            #expect(result.outcome == .unknown && result.reason?.code == reason, "\(result)")
            #expect(result.message.contains(text), "\(result.message)")
        }
        if denied == "late.service" {
            #expect(try Self.verdicts(sampler, of: "here.service").all.allSatisfy { $0.outcome == .pass })
            let both = try Self.judge(try Self.container("*.service"), sampler)
            #expect(
                both.message.hasPrefix("1 of 2 units runs; 1 could not be looked at: late.service: "),
                "\(both.message)")
        }
        sampler.reader.denial = nil
        clock.advance(.seconds(11))
        #expect(try Self.verdicts(sampler).all.allSatisfy { $0.outcome == .pass })
        #expect(sampler.unmeasured.isEmpty)
    }

    @Test(
        "mounts and vitald's own cgroup that cannot be read for want of descriptors are read again when there are some"
    )
    func starting() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)
        sampler.reader.denial = { _ in EMFILE }
        let before = try Self.verdicts(sampler, of: "ssh.service")
        let (own, _) = try reading(MemoryKind.self, #"{"of":"self"}"#)
        let mine = own.judge(own: sampler.own())
        sampler.reader.denial = nil
        sampler.lastFull = .distantPast

        let after = try Self.verdicts(sampler, of: "ssh.service")

        #expect(before.all.allSatisfy { $0.reason == "inconclusive.descriptors" }, "\(before)")
        #expect(mine.reason == "inconclusive.descriptors")
        #expect(after.all.allSatisfy { $0.outcome == .pass }, "\(after)")
    }

    @Test("controllers that cannot be looked up for the moment are not said to be off")
    func controllers() throws {
        let clock = HandClock()
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost, KernelOptions(), clock)
        sampler.reader.denial = { String(cString: $0) == "cgroup.controllers" ? EMFILE : nil }
        _ = KernelFixture.page(sampler)
        let before = sampler.missing.map(\.description)
        sampler.reader.denial = nil
        clock.advance(.seconds(11))
        _ = KernelFixture.page(sampler)

        #expect(!before.contains { $0.contains("controller") }, "\(before)")
        #expect(sampler.view.controllers?.isSuperset(of: ["memory", "pids"]) == true)
    }

    @Test("a host's memory that cannot be read says why, and not that meminfo is empty")
    func host() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)
        sampler.reader.denial = { String(cString: $0) == "meminfo" ? EMFILE : nil }
        let (kind, _) = try reading(MemoryKind.self, "{}")
        sampler.refresh(.host)

        let result = kind.judge(sampler.hostFigures)

        #expect(result.outcome == .unknown && result.reason == "inconclusive.descriptors")
        #expect(
            result.message
                == "its memory is not known: meminfo cannot be read: no descriptors are free: "
                + "all that vitald may have are in use (LimitNOFILE= of its unit)")
    }

    @Test(
        "beyond 20,000 cgroups: names and paths of checks are found, globs are unknown, and it is said as long as it is so"
    )
    func overflow() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        mkdir(tree.path + "/cgroup/attack", 0o755)
        // A hundredth of what counts in earnest: a disk takes a minute to make so many directories.
        for number in 0..<300 { mkdir(tree.path + "/cgroup/attack/\(number)", 0o755) }
        tree.container("system.slice/late.service", usage: 1, more: Self.memory)
        tree.container("zoo.slice/zoo-a.slice", usage: 1)
        tree.container("zoo.slice/zoo-a.slice/far.service", usage: 1, more: Self.memory)
        tree.container("zoo.slice/hidden.service", usage: 1, more: Self.memory)
        let clock = HandClock()
        let far = "/zoo.slice/zoo-a.slice/far.service"
        let checked = [
            try #require(try Self.unit("late.service").picked),
            try #require(try Self.container(far).picked),
            try #require(try Self.unit("zoo-a.slice").picked),
        ]
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, host: false), clock, cgroupLimit: 200)

        for _ in 0..<3 {
            _ = KernelFixture.page(sampler)
            clock.advance(.seconds(1))
        }

        #expect(CgroupTree.nodeLimit == 20_000)
        #expect(try Self.verdicts(sampler).all.allSatisfy { $0.outcome == .pass })
        #expect(try Self.judge(try Self.container(far), sampler).outcome == .pass)
        #expect(try Self.judge(try Self.unit("zoo-a.slice"), sampler).outcome == .pass)
        let glob = try Self.judge(try Self.container("*.service"), sampler)
        #expect(glob.outcome == .unknown && glob.reason == "inconclusive.limit")
        #expect(glob.message.contains("others could not be looked at: "), "\(glob.message)")
        let nobody = try Self.judge(try Self.unit("nobody.service"), sampler)
        #expect(nobody.outcome == .unknown && nobody.reason == "inconclusive.limit", "\(nobody)")
        let nowhere = try Self.judge(try Self.container("/zoo.slice/nobody.service"), sampler)
        #expect(nowhere.outcome == .fail, "a path is followed beyond the limit: \(nowhere)")
        #expect(sampler.unmeasured.contains { $0.subject == .cgroup && ($0.count ?? 0) > 90 })
        #expect(sampler.missing.contains { $0.fact.hasPrefix("the cgroup tree has more than 20000 cgroups") })

        tree.remove("cgroup/attack")
        clock.advance(.seconds(1))
        #expect(try Self.judge(try Self.container("*.service"), sampler).message == "3 of 3 units run")
        #expect(sampler.unmeasured.isEmpty)
        #expect(try Self.judge(try Self.unit("nobody.service"), sampler).outcome == .fail)
    }

    @Test("deeper than 48 levels: it is said, a path that a check names is followed, and a glob is unknown")
    func depth() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        let deep = String(repeating: "/d", count: 55)
        tree.container("\(deep.dropFirst())/late.service", usage: 1, more: Self.memory)
        let path = deep + "/late.service"
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        _ = KernelFixture.page(sampler)
        clock.advance(.seconds(1))

        #expect(try Self.judge(try Self.unit("late.service"), sampler).reason == "inconclusive.limit")
        #expect(sampler.unmeasured.first?.subject == .cgroup)
        #expect(try Self.judge(try Self.container(path), sampler).outcome == .pass)
        #expect(sampler.unmeasured.isEmpty, "nothing is left out any more while somebody asks for it")
        let named = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: [Selection([path], scope: .containers)]), clock)
        #expect(try Self.judge(try Self.container(path), named).outcome == .pass)
    }

    @Test(
        "a name that nothing has, where the runtime's files are closed to vitald: one of the nameless may have it",
        .enabled(if: geteuid() == 0, "needs root, to be somebody else"))
    func nameless() throws {
        let tree = try PlainTree()
        let id = String(repeating: "ab", count: 32)
        chmod(tree.path, 0o755)
        tree.write("cgroup/cgroup.procs", "")
        tree.container("docker/\(id)", usage: 1)
        tree.container("system.slice/here.service", usage: 1)
        tree.write("files/var/lib/docker/containers/\(id)/config.v2.json", #"{"Name":"/web"}"#)
        chmod(tree.path + "/files/var/lib/docker", 0o700)
        var roots = tree.roots
        roots.files = tree.path + "/files"
        let places = roots
        func verdict(_ name: String) throws -> ProbeResult {
            let kind = try Self.container(name)
            let picked = try #require(kind.picked)
            let answer = try AsNobody.run {
                KernelFixture.sampler(places, KernelOptions(host: false)).containers(picked)
            }
            return kind.judge(answer, recentKills: [:])
        }

        let named = try verdict("web")
        #expect(named.outcome == .unknown && named.reason == "inconclusive.kernel", "\(named)")
        #expect(
            named.message.hasPrefix(
                "web could not be looked at: the names that docker gave to 1 container cannot be read: Permission denied"
            ), "\(named.message)")
        #expect(try verdict("web*").outcome == .unknown)
        #expect(try verdict("abababababab").outcome == .pass && verdict("*").outcome == .pass)
        #expect(
            try verdict("gone.service").reason == "container.missing", "a unit has its name from its cgroup")
        #expect(try verdict("/docker/gone").reason == "container.missing")
        chmod(tree.path + "/files/var/lib/docker", 0o755)
        #expect(try verdict("web").outcome == .pass && verdict("db").reason == "container.missing")
    }

    @Test("a container's processes are not counted where some of its cgroups are left out")
    func processes() throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        let deep = "late.service" + String(repeating: "/d", count: 50)
        tree.container("late.service", usage: 1, more: ["cgroup.procs": "7\n8\n"])
        tree.container(deep, usage: 1, more: ["cgroup.procs": "9\n"])
        let sampler = KernelFixture.sampler(tree.roots)

        let figures = try #require(sampler.containers(Selection(["late.service"])).containers.first)

        #expect(figures.processes == nil && figures.populated == true)
    }

    @Test("no limit of series cuts a container that a check names; what it cuts is counted once and told")
    func series() throws {
        let tree = try PlainTree()
        Self.hundred(tree, named: ["late.service"])
        let clock = HandClock()
        let tallies = TallyBook()
        let checked = [Selection(["late.service"], scope: .units)]
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, seriesLimit: 40, host: false), clock, tallies: tallies
        )
        var pages: [[String]] = []

        for _ in 0..<3 {
            pages.append(KernelFixture.page(sampler))
            clock.advance(.seconds(1))
        }

        let page = try #require(pages.last)
        #expect(page.contains { $0.hasPrefix("vitald_container_info") && $0.contains("late.service") })
        #expect(
            page.filter { $0.hasPrefix("container_") || $0.hasPrefix("vitald_container_") }.count <= 40)
        let cut = try #require(sampler.unmeasured.first)
        #expect(cut.subject == .containerSeries && cut.remedy.contains("containers.seriesLimit"))
        var sheet = Sheet()
        tallies.fill(&sheet)
        let lines = KernelFixture.lines(sheet)
        let number = try #require(cut.count)
        #expect(lines.contains(#"vitald_dropped_total{what="container_series",reason="limit"} \#(number)"#))
        #expect(lines.contains(#"vitald_missing{what="container_series",reason="limit"} \#(number)"#))
        let shown = page.filter { $0.hasPrefix("container_") || $0.hasPrefix("vitald_container_") }
        #expect(lines.contains(#"vitald_series{kind="container"} \#(shown.count)"#))
    }
}
