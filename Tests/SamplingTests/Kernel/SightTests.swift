// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What could not be looked at is never said not to run")
struct SightTests {
    @Test("what a check names, by name or by glob, is measured and on the page however small the limit is")
    func limit() throws {
        let tree = try PlainTree()
        Sight.hundred(tree, named: ["late.service", "z1.service", "z2.service"])
        let globs = try Sight.container("z?.service")
        let checked = [
            try #require(globs.picked), try #require(try Sight.unit("late.service").picked),
            try #require(try Sight.container("late.service").picked),
        ]
        let tallies = TallyBook()
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, containerLimit: 5), tallies: tallies)

        let verdicts = try Sight.verdicts(sampler)
        let page = KernelFixture.page(sampler).filter { $0.hasPrefix("vitald_container_info") }

        #expect(verdicts.all.allSatisfy { $0.outcome == .pass }, "\(verdicts)")
        #expect(try Sight.judge(globs, sampler).message == "2 of 2 units run")
        #expect(page.count == 5)
        for name in ["late", "z1", "z2"] {
            #expect(page.contains { $0.contains("/\(name).service") }, "\(name)")
        }
        // The root and two others are there as well.
        #expect(sampler.unmeasured.map(\.count) == [99])
        let gone = try Sight.verdicts(sampler, of: "gone.service")
        #expect(gone.all.allSatisfy { $0.outcome == .fail }, "what is not there does not run: \(gone)")
    }

    @Test(
        "a list beyond the limit says how many are missing; the counter counts what is newly left out, the gauge what is"
    )
    func counted() throws {
        let tree = try PlainTree()
        Sight.hundred(tree, named: [])
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

        let verdicts = try Sight.verdicts(sampler)

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

        let here = try Sight.judge(try Sight.unit("here.service"), sampler)
        let absent = try Sight.verdicts(sampler)

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
        #expect(try Sight.verdicts(whole).all.allSatisfy { $0.outcome == .fail })
    }

    @Test(
        "one file that cannot be read costs its own figures, and nothing else of the container",
        arguments: ContainerFile.all.map { "\($0.name)" } + ["cgroup.procs"])
    func oneFile(_ file: String) throws {
        let tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
        var files = Sight.memory
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
        let unit = try Sight.judge(try Sight.unit("late.service"), sampler)
        let container = try Sight.judge(try Sight.container("late.service"), sampler)
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
        var files = Sight.memory
        files["memory.events"] = "oom_kill 0\n"
        files[file] = nil
        tree.container("system.slice/late.service", usage: 5, more: files)
        unlink("\(tree.path)/cgroup/system.slice/late.service/\(file)")
        mkdir("\(tree.path)/cgroup/system.slice/late.service/\(file)", 0o755)
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        let kind = try Sight.container(
            "late.service", #","warnCPUPercent":90,"failMemoryPercent":90,"failOnOOM":"1m""#)
        _ = try Sight.judge(kind, sampler)
        clock.advance(.seconds(10))

        let result = try Sight.judge(kind, sampler)

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
        tree.container("system.slice/here.service", usage: 1, more: Sight.memory)
        tree.container("system.slice/late.service", usage: 1, more: Sight.memory)
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        sampler.reader.denial = { name in
            let path = String(cString: name)
            return path == denied || path.hasSuffix("/" + denied) ? code : nil
        }

        let late = try Sight.verdicts(sampler)

        for result in late.all {
            #expect(result.outcome == .unknown && result.reason?.code == reason, "\(result)")
            #expect(result.message.contains(text), "\(result.message)")
        }
        if denied == "late.service" {
            #expect(try Sight.verdicts(sampler, of: "here.service").all.allSatisfy { $0.outcome == .pass })
            let both = try Sight.judge(try Sight.container("*.service"), sampler)
            #expect(
                both.message.hasPrefix("1 of 2 units runs; 1 could not be looked at: late.service: "),
                "\(both.message)")
        }
        sampler.reader.denial = nil
        clock.advance(.seconds(11))
        #expect(try Sight.verdicts(sampler).all.allSatisfy { $0.outcome == .pass })
        #expect(sampler.unmeasured.isEmpty)
    }

    @Test(
        "mounts and vitald's own cgroup that cannot be read for want of descriptors are read again when there are some"
    )
    func starting() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)
        sampler.reader.denial = { _ in EMFILE }
        let before = try Sight.verdicts(sampler, of: "ssh.service")
        let (own, _) = try reading(MemoryKind.self, #"{"of":"self"}"#)
        let mine = own.judge(own: sampler.own())
        sampler.reader.denial = nil
        sampler.lastFull = .distantPast

        let after = try Sight.verdicts(sampler, of: "ssh.service")

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
}
