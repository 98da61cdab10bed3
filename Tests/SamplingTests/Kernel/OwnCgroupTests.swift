// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Where vitald itself is in the tree")
struct OwnCgroupTests {
    @Test(
        "both paths are the namespace's own, so only together they tell the cgroup of the tree",
        arguments: [
            ("/system.slice/vitald.service", "/", "/system.slice/vitald.service"),
            ("/", "/", "/"),
            ("/a.slice/b.service", "/a.slice", "/b.service"),
            ("/a.slice", "/a.slice", "/"),
            ("/../x.service", "/..", "/x.service"),
            ("/../../a/b", "/../../a", "/b"),
            // The names between the namespace and a root that is farther up are not told.
            ("/", "/..", nil), ("/a", "/../..", nil), ("/../a", "/../..", nil),
            ("/../a", "/", nil), ("/b.slice/c", "/a.slice", nil), ("/ab", "/a", nil),
            ("/", nil, nil), ("/../a", nil, nil),
        ] as [(String, String?, String?)])
    func paths(written: String, root: String?, own: String?) {
        let place = OwnCgroup(CgroupPath(written), root: root.map { CgroupPath($0) })

        #expect(place.path?.text == own)
        #expect((place.gap(proc: "/proc", nil) == nil) == (own != nil))
        guard own == nil else { return }
        if written.hasPrefix("/..") {
            #expect(place == .outside(CgroupPath(written)))
        } else {
            #expect(place == .foreign(CgroupPath(written)))
        }
    }

    @Test("a process without a cgroup of version 2 is in none")
    func none() {
        #expect(OwnCgroup(nil, root: CgroupPath("/")) == .unknown)
        #expect(OwnCgroup.unknown.gap(proc: "/proc", nil) == nil)
        let first = KernelFixture.parse("4:memory:/x\n") { ProcessCgroup.written($0) }
        let written = KernelFixture.parse("0::/../x\n") { ProcessCgroup.written($0) }
        let parsed = KernelFixture.parse("0::/../x\n") { ProcessCgroup.parse($0) }
        #expect(first == nil && parsed == nil)
        #expect(written?.text == "/../x")
    }

    /// A container that sees its own cgroup alone: 997 of 1000 MiB.
    private func container() throws -> PlainTree {
        let tree = try PlainTree()
        let mebibyte = 1 << 20
        tree.write("proc/meminfo", "MemTotal: 100000000 kB\nMemAvailable: 90300000 kB\n")
        tree.write("proc/self/cgroup", "0::/\n")
        tree.write("proc/self/mountinfo", "31 24 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw,nsdelegate\n")
        for (file, text) in [
            ("cgroup.events", "populated 1\nfrozen 0\n"), ("cgroup.procs", "1\n"),
            ("cgroup.controllers", "cpu io memory pids\n"), ("memory.max", "\(1000 * mebibyte)\n"),
            ("memory.high", "max\n"), ("memory.current", "\(999 * mebibyte)\n"),
            ("memory.stat", "inactive_file \(2 * mebibyte)\n"),
        ] {
            tree.write("sys/fs/cgroup/\(file)", text)
        }
        return tree
    }

    private func sampler(_ tree: PlainTree, cgroup: String? = nil, _ clock: HandClock = HandClock())
        -> KernelSampler
    {
        KernelFixture.sampler(
            KernelRoots(proc: tree.path + "/proc", sys: tree.path + "/sys", cgroup: cgroup),
            KernelOptions(host: false), clock)
    }

    @Test("in its own cgroup namespace the host's memory is bounded by the container's limit")
    func ownNamespace() throws {
        let clock = HandClock()
        let tree = try container()
        let sampler = sampler(tree, clock)
        let limit = EffectiveLimits.MemoryFill(
            level: "/", file: .max, limit: ByteCount(1000 << 20), used: ByteCount(997 << 20))

        sampler.refresh(.baseline)
        sampler.refresh(.host)
        #expect(sampler.hostFigures.container == limit, "the memory of the host is asked for alone")
        #expect(sampler.hostFigures.memoryPercent.map { abs($0 - 9.7) < 1e-9 } == true)
        clock.advance(.seconds(1))
        let own = try #require(sampler.own().containers.first)
        #expect(sampler.hostFigures.container == limit)
        #expect(own.identity.id == "/" && own.memoryPercent.map { abs($0 - 99.7) < 1e-9 } == true)
        #expect(own.limits?.memoryAvailable == .init(3 << 20, "/"))
        clock.advance(.seconds(1))
        let opens = sampler.reader.opens
        sampler.refresh(.host)
        #expect(sampler.hostFigures.container == limit)
        #expect(sampler.reader.opens == opens)
        #expect(sampler.missing.allSatisfy { $0.topic != .namespace }, "\(sampler.missing)")
        // The tree goes with its last use.
        #expect(!tree.path.isEmpty)
    }

    private func verdict(_ sampler: KernelSampler) throws -> ProbeResult {
        try reading(MemoryKind.self, "{}").0.judge(sampler.hostFigures)
    }

    @Test(
        "a limit that cannot be looked at makes the machine's memory unknown, not healthy",
        arguments: [
            ("self/cgroup", "/proc/self/cgroup"), ("self/mountinfo", "/proc/self/mountinfo"),
            ("fs/cgroup", "the cgroup tree at "), ("memory.max", "memory.max of the container"),
            ("memory.high", "memory.high of the container"),
            ("memory.current", "memory.current of the container"),
            ("memory.stat", "memory.stat of the container"),
        ],
        [(EMFILE, "inconclusive.descriptors"), (EIO, "inconclusive.kernel"), (EACCES, "inconclusive.kernel")])
    func blind(_ place: (String, String), _ fault: (Int32, String)) throws {
        let clock = HandClock()
        let tree = try container()
        tree.write("sys/fs/cgroup/memory.max", "\(9000 << 20)\n")
        let sampler = sampler(tree, clock)
        sampler.reader.denial = { String(cString: $0).hasSuffix(place.0) ? fault.0 : nil }
        sampler.refresh(.baseline)
        sampler.refresh(.host)
        let alone = try verdict(sampler)
        clock.advance(.seconds(1))
        sampler.refresh(.full)
        let full = try verdict(sampler)

        for result in [alone, full] {
            #expect(result.outcome == .unknown && result.reason?.code == fault.1, "\(result)")
            #expect(result.message.contains("may be fuller: "), "\(result.message)")
            #expect(result.message.contains(place.1), "\(result.message)")
            #expect(result.fact("available_bytes") == nil)
        }
        sampler.reader.denial = nil
        clock.advance(.seconds(11))
        sampler.refresh(.full)
        #expect(try verdict(sampler).outcome == .pass)
        withExtendedLifetime(tree) {}
    }

    @Test("a place that was known once is not lost with a fault: what is full stays full")
    func kept() throws {
        let clock = HandClock()
        let tree = try container()
        let sampler = sampler(tree, clock)
        sampler.refresh(.full)
        #expect(try verdict(sampler).reason == "memory.full")
        sampler.reader.denial = { _ in EMFILE }

        for _ in 0..<3 {
            clock.advance(.seconds(10))
            sampler.refresh(.baseline)
            sampler.refresh(.host)
            #expect(try verdict(sampler).reason == "memory.full")
        }
        withExtendedLifetime(tree) {}
    }

    @Test(
        "the root of the machine has no limit, whatever cannot be read",
        arguments: ["self/cgroup", "memory.max", "memory.stat"])
    func unlimited(_ file: String) throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)
        sampler.reader.denial = { String(cString: $0).hasSuffix(file) ? EMFILE : nil }

        sampler.refresh(.full)

        #expect(sampler.hostFigures.containerFault == nil && sampler.hostFigures.container == nil)
    }

    @Test("a look at the host's memory uses the files of the root that a full reading keeps open")
    func shared() throws {
        let clock = HandClock()
        let tree = try container()
        let sampler = sampler(tree, clock)
        sampler.refresh(.full)
        clock.advance(.seconds(1))
        var opened: [String] = []
        sampler.reader.denial = { name in
            opened.append(String(cString: name))
            return nil
        }

        sampler.refresh(.host)

        #expect(sampler.hostFigures.container?.used == ByteCount(997 << 20))
        #expect(opened.filter { !$0.hasPrefix("/") } == [])
        withExtendedLifetime(tree) {}
    }

    @Test("on the machine itself its own unit's limit bounds nobody else's memory")
    func machine() throws {
        let sampler = KernelFixture.sampler(KernelFixture.podmanHost)
        sampler.refresh(.full)
        #expect(sampler.hostFigures.container == nil)
        #expect(sampler.ownPlace.path?.text == "/system.slice/ssh.service")
    }

    @Test("the host's tree in a container has no place for self, and its root is not taken for it")
    func foreign() throws {
        let tree = try container()
        tree.write(
            "proc/self/mountinfo",
            "31 24 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
                + "32 24 0:26 /../.. \(tree.path)/cgroup ro - cgroup2 cgroup2 rw\n")
        tree.container("docker/" + String(repeating: "ab", count: 32), usage: 1)
        let sampler = sampler(tree, cgroup: tree.path + "/cgroup")

        let own = sampler.own()

        #expect(own.containers.isEmpty)
        #expect(own.unmeasured.map(\.cause) == [.cgroup])
        #expect(own.unmeasured.first?.fact.contains("is not the one that vitald runs in") == true)
        #expect(sampler.hostFigures.container == nil)
        #expect(sampler.containers(.all).containers.contains { $0.identity.runtime == "docker" })
        let gap = try #require(sampler.missing.first { $0.topic == .namespace })
        #expect(gap.fact.contains("is not the one that vitald runs in: it begins at /../.. "))
        #expect(gap.fact.contains("self/cgroup says /; so \"self\" matches nothing"))
        #expect(gap.remedy.contains("--cgroup-root"))
        // Without --cgroup-root its own tree is read, though the other one has the shorter path.
        #expect(self.sampler(tree).own().containers.map(\.identity.id) == ["/"])
    }

    @Test("a path that begins with /.. is no cgroup of the tree, and is told")
    func outside() throws {
        let tree = try container()
        tree.write("proc/self/cgroup", "0::/../vitald.service\n")
        tree.container("vitald.service", usage: 1)
        let sampler = sampler(tree)

        let own = sampler.own()
        #expect(own.containers.isEmpty)
        #expect(own.unmeasured.first?.fact.contains("says /../vitald.service") == true)
        #expect(sampler.hostFigures.container == nil)
        let gap = try #require(sampler.missing.first { $0.topic == .namespace })
        #expect(gap.fact.contains("self/cgroup says /../vitald.service"))
    }

    @Test("a tree below the mount is its own root, and self is what lies in it")
    func below() throws {
        let tree = try container()
        tree.write(
            "proc/self/mountinfo", "31 24 0:26 / \(tree.path)/cgroup rw - cgroup2 cgroup2 rw\n")
        tree.container("a.slice/b.service", usage: 1)
        func own(_ path: String) -> [String] {
            tree.write("proc/self/cgroup", "0::\(path)\n")
            return sampler(tree, cgroup: tree.path + "/cgroup/a.slice")
                .own().containers.map(\.identity.id)
        }

        #expect(own("/a.slice/b.service") == ["/b.service"])
        #expect(own("/b.service") == [])
    }

    @Test("the doctor says what part of the tree is visible, and what to do about it")
    func doctor() throws {
        let bench = try ProbeBench()
        func look(_ own: String?, _ mounts: String = ProbeBench.usualMounts) throws -> Diagnosis {
            try bench.mounts(mounts)
            if let own { try bench.place("proc/self/cgroup", "0::\(own)\n") }
            return Subject.namespace.look(bench.surroundings())
        }

        let bare = try look(nil, "25 1 254:0 / / rw - ext4 /dev/vda rw\n")
        try bench.place("sys/fs/cgroup/cgroup.controllers", "memory\n")
        let silent = try look(nil)
        let whole = try look("/system.slice/vitald.service")
        let outside = try look("/../x")
        let above = try look(
            "/",
            "25 1 254:0 / / rw - ext4 /dev/vda rw\n30 25 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        try bench.place("sys/fs/cgroup/cgroup.events", "populated 1\n")
        let namespace = try look("/")
        let part = try look(
            "/a.slice/b",
            "25 1 254:0 / / rw - ext4 /dev/vda rw\n30 25 0:26 /a.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        )

        #expect(bare.state == .unknown && silent.state == .unknown)
        #expect(
            whole
                == Diagnosis(
                    "namespace", .ok,
                    "the whole tree is visible, and vitald runs in /system.slice/vitald.service"))
        #expect(outside.state == .limited && outside.fact.contains("says /../x"))
        #expect(above.state == .limited && above.fact.contains("begins at /.. "))
        #expect(namespace.state == .limited)
        #expect(namespace.fact.contains("only one container is visible: its own"))
        #expect(namespace.remedy?.contains("Run vitald on the host") == true)
        #expect(namespace.remedy?.contains("--cgroup-root") == true)
        #expect(part.state == .limited && part.fact.contains("begins at /a.slice, so only one container"))
    }
}
