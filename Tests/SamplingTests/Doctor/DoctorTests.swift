// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What can be seen here")
struct DoctorTests {
    private static func surroundings(_ bench: ProbeBench, _ missing: [KernelGap] = []) -> Surroundings {
        Surroundings(
            roots: KernelRoots(
                proc: bench.directory + "/proc", sys: bench.directory + "/sys",
                files: bench.directory + "/root"),
            missing: { missing }, time: bench.time)
    }

    private static func files(_ bench: ProbeBench, _ paths: String...) throws {
        for path in paths {
            var directory = "root"
            for part in path.split(separator: "/").dropLast() {
                mkdir("\(bench.directory)/\(directory)", 0o755)
                directory += "/" + part
            }
            mkdir("\(bench.directory)/\(directory)", 0o755)
            try bench.write("root/" + path, "")
        }
    }

    @Test(
        "every subject answers in one line, and what is not in order has a remedy, and nothing else",
        arguments: Subject.all.map(\.name))
    func contract(_ name: String) throws {
        let subject = try #require(Subject.all.first { $0.name == name })
        let bench = try ProbeBench()
        let bare = Self.surroundings(bench)
        let here = Surroundings(roots: KernelRoots(), missing: { [] }, time: bench.time)
        let captured = Surroundings(
            roots: KernelRoots(proc: bench.directory), missing: { [] }, time: bench.time)

        for finding in [bare, here, captured].map(subject.look) {
            #expect(finding.subject == name)
            #expect(!finding.fact.isEmpty && finding.fact.utf8.count <= Diagnosis.longest)
            #expect(!finding.fact.hasSuffix(".") && !finding.fact.utf8.contains { $0 < 0x20 })
            #expect((finding.state == .ok) == (finding.remedy == nil), "\(finding)")
        }
    }

    @Test("the subjects have names of their own")
    func names() {
        #expect(Set(Subject.all.map(\.name)).count == Subject.all.count)
    }

    @Test(
        "cgroup: version 2, hybrid, version 1, none, told apart; a gap of the sampler is told with its remedy"
    )
    func cgroup() throws {
        let bench = try ProbeBench()
        let second = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        let first = "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        func look(_ mounts: String, _ missing: [KernelGap] = []) throws -> Diagnosis {
            try bench.mounts("25 1 254:0 / / rw - ext4 /dev/vda rw\n" + mounts)
            return Subject.cgroup.look(Self.surroundings(bench, missing))
        }

        let plain = try look(second)
        let hybrid = try look(
            first + second,
            [KernelGap(.containers, "the tree has no memory controller", remedy: "Boot otherwise.")])
        let old = try look(
            first, [KernelGap(.containers, "no cgroup2 file system is mounted", remedy: "Boot otherwise.")])
        let none = try look(
            "", [KernelGap(.containers, "no cgroup2 file system is mounted", remedy: "Boot otherwise.")])

        #expect(plain.state == .ok && plain.fact.hasPrefix("version 2 at /sys/fs/cgroup"))
        #expect(hybrid.state == .limited)
        #expect(hybrid.fact == "hybrid, versions 1 and 2: the tree has no memory controller")
        #expect(hybrid.remedy == "Boot otherwise.")
        #expect(old.state == .missing && old.fact.hasPrefix("version 1: "))
        #expect(none.state == .missing && none.fact.hasPrefix("not mounted: "))
    }

    @Test(
        "capabilities have their names; none is needed, and more than the two of the deep view are told",
        arguments: [
            ("0000000000000000", "none, and none is needed for what is configured"),
            (
                "0000000000080004",
                "CAP_DAC_READ_SEARCH (names of containers, lists of open files), "
                    + "CAP_SYS_PTRACE (what is open: container_sockets; hidepid=)"
            ),
            (
                "000001ffffffffff",
                "CAP_DAC_READ_SEARCH (names of containers, lists of open files), "
                    + "CAP_SYS_PTRACE (what is open: container_sockets; hidepid=), and 39 more, such as CAP_CHOWN, "
                    + "CAP_DAC_OVERRIDE, CAP_FOWNER, that vitald has no use for: the user vitald needs none"
            ),
            ("0000020000000000", "1, capability 41, that vitald has no use for: the user vitald needs none"),
        ])
    func capabilities(_ mask: String, _ fact: String) throws {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", "Name:\tvitald\nCapEff:\t\(mask)\n")

        let finding = Subject.capabilities.look(Self.surroundings(bench))

        #expect(finding == Diagnosis("capabilities", .ok, fact))
    }

    @Test(
        "capabilities: where a configured figure is missing, it is said which ones it takes and whether they can be had",
        arguments: [
            ("0", "1ffffffffff", "no sockets: it takes CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE", "Add them."),
            ("80000", "1ffffffffff", "no sockets: it takes CAP_DAC_READ_SEARCH", "Add them."),
            (
                "0", "4",
                "no sockets: it takes CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, which its bounding set does not allow "
                    + "either", "Add them."
            ),
            (
                "80004", "80004", "no sockets, in spite of CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE",
                "Look into the kernel's log for AppArmor or SELinux, or switch off what asks for it."
            ),
        ])
    func lackingCapabilities(_ effective: String, _ bounding: String, _ fact: String, _ remedy: String) throws
    {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", "CapEff:\t\(effective)\nCapBnd:\t\(bounding)\n")
        let gap = KernelGap(.capabilities, "no sockets", remedy: "Add them.")

        let finding = Subject.capabilities.look(Self.surroundings(bench, [gap]))

        #expect(finding == Diagnosis("capabilities", .limited, fact, remedy: remedy))
    }

    @Test("capabilities that are no number are unknown", arguments: ["CapEff:\trubbish\n", "", "CapEff:\n"])
    func unreadableCapabilities(_ status: String) throws {
        let bench = try ProbeBench()
        try bench.write("proc/self/status", status)

        #expect(Subject.capabilities.look(Self.surroundings(bench)).state == .unknown)
    }

    @Test("clock: kept by whoever left its mark; unknown where nobody did")
    func clock() throws {
        let bench = try ProbeBench()
        let before = Subject.clock.look(Self.surroundings(bench))
        try Self.files(bench, "run/systemd/timesync/synchronized")
        let after = Subject.clock.look(Self.surroundings(bench))

        #expect(before.state == .unknown)
        #expect(after.state == .ok && after.fact.hasSuffix("kept by systemd-timesyncd"))
    }

    @Test(
        "names: what vitald may read by its effective rights is open, whoever started it",
        .enabled(if: getuid() == 0, "it changes users"))
    func effectiveRights() throws {
        let bench = try ProbeBench()
        try bench.mounts("25 1 254:0 / / rw - ext4 /dev/vda rw\n")
        try Self.files(bench, "var/lib/docker/containers/one")
        try #require(chmod(bench.directory + "/root/var/lib/docker/containers", 0o700) == 0)
        // The real user is nobody now, the effective one still root.
        try #require(setreuid(65_534, 0) == 0)
        let found = Subject.names.look(Self.surroundings(bench))
        try #require(setreuid(0, 0) == 0)

        #expect(found.state == .ok)
        #expect(found.fact.firstRange(of: "Docker") != nil, "\(found)")
    }

    @Test("resolver: the servers of resolv.conf are named, and their absence is told")
    func resolver() throws {
        let bench = try ProbeBench()
        let before = Subject.resolver.look(Self.surroundings(bench))
        try Self.files(bench, "etc/resolv.conf")
        try bench.write(
            "root/etc/resolv.conf", "# nameserver 9.9.9.9\nnameserver 127.0.0.53\nsearch example.com\n")
        let after = Subject.resolver.look(Self.surroundings(bench))

        #expect(before.state == .limited)
        #expect(after.state == .ok && after.fact.hasPrefix("asks 127.0.0.53;"))
    }

    @Test(
        "a subject that hangs is unknown, nobody waits longer than the bound, and asking on takes no more threads"
    )
    func hanging() async throws {
        let bench = try ProbeBench()
        let gate = Gate()
        let looks = Atomic(0)
        let clock = HandClock()
        let examiner = Examiner(
            [
                Subject("stuck", isSlow: true) { _ in
                    looks.add(1, ordering: .relaxed)
                    gate.wait()
                    return Diagnosis("stuck", .ok, "late")
                }, Subject("quick") { _ in Diagnosis("quick", .ok, "here") },
            ], Surroundings(roots: KernelRoots(), missing: { [] }, time: clock),
            eventLoop: bench.context.eventLoop, patience: .milliseconds(50))

        for _ in 0..<5 {
            let found = await withCheckedContinuation { next in
                examiner.examine { next.resume(returning: $0) }
            }
            #expect(found.map(\.subject) == ["stuck", "quick"])
            #expect(found.map(\.state) == [.unknown, .ok])
            #expect(found[0].fact == "it could not be looked at within 50ms")
            clock.advance(.seconds(2))
        }
        #expect(looks.load(ordering: .relaxed) == 1)
        gate.open()
        // Once it is back, it is looked at again.
        let healed = await bench.waits {
            clock.advance(.seconds(2))
            examiner.examine { _ in }
            return looks.load(ordering: .relaxed) > 1
        }
        #expect(healed)
    }

    @Test("whoever asks while a look is under way, and for a second after it, shares it")
    func shared() async throws {
        let bench = try ProbeBench()
        let gate = Gate()
        let looks = Atomic(0)
        let examiner = Examiner(
            [
                Subject("one") { _ in
                    looks.add(1, ordering: .relaxed)
                    gate.wait()
                    return Diagnosis("one", .ok, "here")
                }
            ], Surroundings(roots: KernelRoots(), missing: { [] }, time: HandClock()),
            eventLoop: bench.context.eventLoop, patience: .seconds(60))

        async let first = withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }
        async let second = withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }
        #expect(await bench.waits { looks.load(ordering: .relaxed) == 1 })
        gate.open()
        let both = await [first, second]
        let third = await withCheckedContinuation { next in examiner.examine { next.resume(returning: $0) } }

        #expect(both.map(\.count) == [1, 1] && third == both[0])
        #expect(looks.load(ordering: .relaxed) == 1)
    }
}
