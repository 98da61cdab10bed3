// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

@Suite("Limits, for the doctor")
struct LimitTests {
    private static let head =
        "Limit                     Soft Limit           Hard Limit           Units     \n"

    @Test(
        "limits: soft and hard are told; below 4096 more are advised",
        arguments: [
            (
                "16384                16384", Diagnosis.State.ok,
                "16384 open files are allowed (the hard limit as well), enough for some 780 containers"
            ),
            (
                "4096                 unlimited", .ok,
                "4096 open files are allowed (the hard limit is unlimited), enough for some 195 containers"
            ),
            (
                "1024                 524288", .limited,
                "1024 open files are allowed (the hard limit is 524288), enough for some 48 containers; to read those "
                    + "beyond costs three times as much"
            ), ("unlimited            unlimited", .ok, "any number of open files is allowed"),
            ("rubbish", .unknown, "the limit of open files cannot be read"),
        ])
    func limits(_ numbers: String, _ state: Diagnosis.State, _ fact: String) throws {
        let bench = try ProbeBench()
        try bench.write(
            "proc/self/limits", Self.head + "Max open files            \(numbers)           files     \n")

        let finding = Subject.limits.look(bench.surroundings())

        #expect(finding.state == state && finding.fact == fact, "\(finding)")
    }

    /// vitald in a service below a slice.
    private static func house(_ files: [String: String]) throws -> ProbeBench {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.write("proc/self/cgroup", "0::/a.slice/vitald.service\n")
        try bench.place("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n")
        for (path, text) in files { try bench.place("sys/fs/cgroup/" + path, text) }
        return bench
    }

    @Test("resources: what is used of MemoryMax= and TasksMax=, without what the kernel gives back at once")
    func resources() throws {
        let bench = try Self.house([
            "a.slice/vitald.service/memory.current": "31457280\n",
            "a.slice/vitald.service/memory.stat": "anon 1\ninactive_file 10485760\nactive_file 5\n",
            "a.slice/vitald.service/memory.max": "268435456\n", "a.slice/vitald.service/memory.high": "max\n",
            "a.slice/vitald.service/pids.current": "9\n", "a.slice/vitald.service/pids.max": "128\n",
        ])

        #expect(
            Subject.resources.look(bench.surroundings())
                == Diagnosis(
                    "resources", .ok,
                    "in use: 20 MiB of 256 MiB of memory (MemoryMax=), 9 of 128 tasks (TasksMax=)"))
    }

    @Test(
        "resources: the tightest limit counts, also that of a cgroup above, and beyond nine tenths it is told"
    )
    func tightness() throws {
        let bench = try Self.house([
            "a.slice/memory.current": "97\n", "a.slice/memory.max": "100\n", "a.slice/memory.high": "max\n",
            "a.slice/vitald.service/memory.current": "50\n", "a.slice/vitald.service/memory.max": "100\n",
            "a.slice/vitald.service/pids.current": "115\n", "a.slice/vitald.service/pids.max": "128\n",
        ])

        let finding = Subject.resources.look(bench.surroundings())

        #expect(finding.state == .limited)
        #expect(
            finding.fact.hasPrefix(
                "in use: 97 B of 100 B of memory (MemoryMax=), 115 of 128 tasks (TasksMax=): "))
        #expect(finding.remedy?.hasPrefix("Raise MemoryMax= of the unit, ") == true)
    }

    @Test("resources: in a cgroup namespace of its own the root has the limits of the container")
    func container() throws {
        let bench = try ProbeBench()
        try bench.mounts(ProbeBench.usualMounts)
        try bench.write("proc/self/cgroup", "0::/\n")
        for (file, text) in [
            ("cgroup.controllers", "cpu io memory pids\n"), ("memory.current", "97\n"),
            ("memory.max", "100\n"),
            ("pids.current", "9\n"), ("pids.max", "128\n"),
        ] { try bench.place("sys/fs/cgroup/" + file, text) }

        let finding = Subject.resources.look(bench.surroundings())

        #expect(finding.state == .limited)
        #expect(
            finding.fact.hasPrefix(
                "in use: 97 B of 100 B of memory (MemoryMax=), 9 of 128 tasks (TasksMax=): "))
    }

    @Test(
        "resources: where the mount begins below the root of the machine, paths are those within it",
        arguments: [
            ("/docker/abc", "/docker/abc/vitald.service", true), ("/docker/abc", "/user.slice", false),
        ])
    func mountOfAPart(_ root: String, _ written: String, _ isThere: Bool) throws {
        let bench = try ProbeBench()
        try bench.mounts(
            "25 1 254:0 / / rw - ext4 /dev/vda rw\n30 25 0:26 \(root) /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        )
        try bench.write("proc/self/cgroup", "0::\(written)\n")
        for (file, text) in [
            ("cgroup.controllers", "cpu io memory pids\n"), ("vitald.service/memory.current", "50\n"),
            ("vitald.service/memory.max", "100\n"),
        ] { try bench.place("sys/fs/cgroup/" + file, text) }

        let finding = Subject.resources.look(bench.surroundings())

        #expect(finding.state == (isThere ? .ok : .unknown))
        #expect(
            finding.fact
                == (isThere
                    ? "in use: 50 B of 100 B of memory (MemoryMax=)"
                    : "vitald's own cgroup cannot be seen, so neither can its limits"))
    }

    @Test("resources: no limit, no controller and no cgroup2 are three things")
    func unlimited() throws {
        let free = try Self.house([
            "a.slice/vitald.service/pids.current": "9\n", "a.slice/vitald.service/pids.max": "max\n",
        ])
        let hybrid = try Self.house(["cgroup.controllers": "hugetlb\n"])
        let old = try ProbeBench()

        #expect(
            Subject.resources.look(free.surroundings())
                == Diagnosis("resources", .ok, "nothing limits vitald's memory or its tasks but the machine"))
        #expect(Subject.resources.look(hybrid.surroundings()).state == .unknown)
        #expect(Subject.resources.look(hybrid.surroundings()).fact.hasPrefix("cgroup2 has not both "))
        #expect(
            Subject.resources.look(old.surroundings()).fact.hasPrefix("vitald's own cgroup cannot be seen"))
    }
}
