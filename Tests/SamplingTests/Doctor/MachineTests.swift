// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("The machine, for the doctor")
struct MachineTests {
    @Test(
        "cgroup: version 2, hybrid, version 1, none, told apart; a gap of the sampler is told with its remedy"
    )
    func cgroup() throws {
        let bench = try ProbeBench()
        let second = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        let first = "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        func look(_ mounts: String, _ missing: [KernelGap] = []) throws -> Diagnosis {
            try bench.mounts("25 1 254:0 / / rw - ext4 /dev/vda rw\n" + mounts)
            return Subject.cgroup.look(bench.surroundings(missing))
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
        "containers: nothing left out, or what is, with its numbers and every remedy once; cgroup tells of it no more"
    )
    func containers() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        func gap(_ fact: String, _ remedy: String) -> KernelGap {
            KernelGap(
                .containers, "more than 3 containers", remedy: remedy,
                cut: Unmeasured(.container, .limit, count: 12, fact: fact, remedy: remedy))
        }
        let cuts = [
            gap("12 are not measured", "Raise it."), gap("9 are not shown", "Raise it."),
            gap("1 is odd", "Look."),
        ]

        #expect(Subject.containers.look(bench.surroundings()).state == .ok)
        #expect(
            Subject.containers.look(bench.surroundings(cuts))
                == Diagnosis(
                    "containers", .limited, "12 are not measured; 9 are not shown; 1 is odd",
                    remedy: "Raise it. Look."))
        #expect(Subject.cgroup.look(bench.surroundings(cuts)).state == .ok)
    }

    @Test("clock: kept by whoever left its mark; unknown where nobody did")
    func clock() throws {
        let bench = try ProbeBench()
        let before = Subject.clock.look(bench.surroundings())
        try bench.files("run/systemd/timesync/synchronized")
        let after = Subject.clock.look(bench.surroundings())

        #expect(before.state == .unknown)
        #expect(after.state == .ok && after.fact.hasSuffix("kept by systemd-timesyncd"))
    }

    @Test(
        "pressure: there where the kernel has the file; without it psi=1 is advised; a gap of the sampler goes first"
    )
    func pressure() throws {
        let bench = try ProbeBench()
        let absent = Subject.pressure.look(bench.surroundings())
        try bench.place("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        let there = Subject.pressure.look(bench.surroundings())
        let gap = Subject.pressure.look(
            bench.surroundings([
                KernelGap(.containers, "none", remedy: "Boot."),
                KernelGap(.pressure, "no PSI", remedy: "Add it."),
            ]))

        #expect(absent.state == .limited && absent.remedy?.hasPrefix("Add psi=1 ") == true)
        #expect(there == Diagnosis("pressure", .ok, "the kernel tells who waits for CPU, memory and IO"))
        #expect(gap == Diagnosis("pressure", .limited, "no PSI", remedy: "Add it."))
    }

    @Test("processes: seen with process 1; hidden without it, or where the sampler met hidepid=")
    func processes() throws {
        let bench = try ProbeBench()
        let hidden = Subject.processes.look(bench.surroundings())
        try bench.write("proc/1/stat", "1 (systemd) S 0 1 1 0\n")
        let seen = Subject.processes.look(bench.surroundings())
        let gap = Subject.processes.look(
            bench.surroundings([KernelGap(.processes, "hidepid=", remedy: "Mount it without.")]))

        #expect(hidden.state == .limited && hidden.fact.hasPrefix("process 1 is hidden"))
        #expect(seen.state == .ok)
        #expect(gap == Diagnosis("processes", .limited, "hidepid=", remedy: "Mount it without."))
    }

    @Test("several gaps of one kind: the first one whole, and how many more there are")
    func gaps() throws {
        let bench = try ProbeBench()
        let gaps = ["one", "two", "three"].map { KernelGap(.processes, $0, remedy: "Mend \($0).") }

        let finding = Subject.processes.look(bench.surroundings(gaps))

        #expect(finding.fact == "one" && finding.remedy == "Mend one. The journal tells 2 more.")
    }

    @Test(
        "controllers: on for all, off for some with systemd's setting, not to be told where the sampler is busy"
    )
    func controllers() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        func look(_ measured: [String]?) -> Diagnosis {
            var house = House.bare
            house.measured = { measured }
            return Subject.controllers.look(bench.surroundings(house: house))
        }
        let bare = look([])
        for (path, text) in [
            ("", "cpuset cpu io memory pids\n"), ("/a.service", "cpu io memory pids\n"),
            ("/b.service", "memory pids\n"), ("/c.service", "memory\n"),
        ] {
            try bench.place("sys/fs/cgroup\(path)/cgroup.controllers", text)
        }

        #expect(bare.state == .limited && bare.fact.hasPrefix("there is none to switch on"))
        #expect(look(nil).state == .unknown)
        #expect(look([]).fact == "io, memory, pids can be switched on; nothing is measured so far")
        // A cgroup that has ended meanwhile lacks nothing.
        #expect(
            look(["/", "/a.service", "/gone.service"])
                == Diagnosis("controllers", .ok, "io, memory, pids: switched on for all 3 that are measured"))
        #expect(
            look(["/a.service", "/c.service", "/b.service"])
                == Diagnosis(
                    "controllers", .limited,
                    "io is off for 2 of 3 that are measured, such as /b.service; pids is off for 1 of 3 that are "
                        + "measured, such as /c.service: those figures are missing",
                    remedy: "Write DefaultIOAccounting=yes and DefaultTasksAccounting=yes into "
                        + "/etc/systemd/system.conf, then systemctl daemon-reexec."))
    }

    @Test("filesystems: what process 1 has and vitald has not is named, its outermost place alone")
    func filesystems() throws {
        let bench = try ProbeBench()
        let machine =
            "25 1 254:0 / / rw - ext4 /dev/vda rw\n26 25 254:1 / /home rw - xfs /dev/vdb rw\n"
            + "27 26 254:2 / /home/data rw - xfs /dev/vdc rw\n28 25 0:30 / /run rw - tmpfs tmpfs rw\n"
            + "29 25 0:44 / /srv/far rw - nfs4 far:/ rw\n31 25 0:45 / /var/lib/x/merged rw - overlay overlay rw\n"
        let sealed =
            "65 1 254:0 / / ro - ext4 /dev/vda rw\n66 65 254:1 / /home ro - xfs /dev/vdb rw\n"
            + "67 66 254:2 / /home/data ro - xfs /dev/vdc rw\n"
        let covered = "65 1 254:0 / / rw - ext4 /dev/vda rw\n66 65 0:50 / /home ro - tmpfs tmpfs ro\n"
        func look(_ own: String) throws -> Diagnosis {
            try bench.mounts(own, first: machine)
            return Subject.filesystems.look(bench.surroundings())
        }

        let same = try look(machine)
        let tight = try look(sealed)
        let hidden = try look(covered)

        #expect(
            same
                == Diagnosis(
                    "filesystems", .ok,
                    "nothing is hidden: vitald sees 3 file systems on disks, as process 1 does"))
        #expect(
            tight.state == .ok
                && tight.fact.hasSuffix("; / is read-only for vitald, which writes nothing there"))
        #expect(
            hidden.state == .limited && hidden.fact.hasPrefix("/home is covered or not mounted for vitald"))
        #expect(hidden.remedy?.hasPrefix("Set ProtectHome=read-only") == true)
    }

    @Test("filesystems: what cannot be compared is unknown")
    func unseenFilesystems() throws {
        #expect(Subject.filesystems.look(try ProbeBench().surroundings()).state == .unknown)
    }
}
