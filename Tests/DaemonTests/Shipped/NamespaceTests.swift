// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// A container that sees no cgroups but its own, as files: 1000 MiB, of which 997 are in use, on a machine with room.
@Suite("The shipped binary in a cgroup namespace of its own")
struct NamespaceTests {
    private static let mebibyte = 1 << 20

    /// Starts vitald on such a tree, with the checks that it has where nobody configures any.
    private func daemon(own: String = "/", inUse: Int = 997) async throws -> ShippedDaemon {
        let directory = try TestDirectory()
        let tree = directory.path + "/tree"
        let files = [
            "proc/meminfo": "MemTotal: 100000000 kB\nMemAvailable: 90300000 kB\n",
            "proc/stat": "cpu0 0 0 0 0 0 0 0 0\nbtime 1\n",
            "proc/self/stat": "7 (vitald) S 0 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 100 0 0\n",
            "proc/self/cgroup": "0::\(own)\n",
            "proc/self/mountinfo": "25 1 254:0 / / rw - ext4 /dev/vda rw\n"
                + "31 25 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw,nsdelegate\n",
            "sys/fs/cgroup/cgroup.events": "populated 1\nfrozen 0\n",
            "sys/fs/cgroup/cgroup.procs": "7\n",
            "sys/fs/cgroup/cgroup.controllers": "cpu io memory pids\n",
            "sys/fs/cgroup/cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\n",
            "sys/fs/cgroup/memory.max": "\(1000 * Self.mebibyte)\n",
            "sys/fs/cgroup/memory.high": "max\n",
            "sys/fs/cgroup/memory.current": "\((inUse + 2) * Self.mebibyte)\n",
            "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file \(2 * Self.mebibyte)\n",
        ]
        for place in ["", "/proc", "/proc/self", "/sys", "/sys/fs", "/sys/fs/cgroup"] {
            mkdir(tree + place, 0o755)
        }
        for (name, text) in files { try directory.write("tree/" + name, text) }
        return try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "500ms" } }"#,
            arguments: ["--proc-root", tree + "/proc", "--sys-root", tree + "/sys"], in: directory
        ).serving()
    }

    /// What doctor says of the namespace.
    private static func namespace(_ daemon: ShippedDaemon) async throws -> JSONValue {
        let findings = try await daemon.result("doctor")["findings"]?.elements ?? []
        return try #require(findings.first { $0["subject"]?.string == "namespace" })
    }

    @Test("the built-in memory check is bounded by the container's limit, and doctor says what is visible")
    func full() async throws {
        let daemon = try await daemon()

        try await Wait.until("the memory check to turn") {
            let detailed = try await daemon.get("/health/data-detailed").json()
            return detailed["data_processing_capacity"]?.string == "99.7% memory used"
        }
        let checks = try await daemon.result("checks.list")["checks"]?.elements ?? []
        let memory = try #require(checks.first { $0["type"]?.string == "memory" })
        #expect(memory["level"]?.string == "unhealthy")
        #expect(
            memory["message"]?.string
                == "99.7% memory used of 1000 MiB, the limit of the container that vitald runs in (memory.max), at least "
                + "95%; 3 MiB left")
        let host = try await daemon.control("containers", "host")
        #expect(
            host.output.hasSuffix("memory 9.7% of 95.4 GiB; this container 99.7% of 1000 MiB (memory.max)\n"))
        let own = try await daemon.control("containers", "self")
        #expect(own.output.contains("99.7%  1000 MiB  own    3 MiB"), "\(own.output)")
        let page = try await daemon.get("/metrics")
        #expect(
            page.sample(
                #"vitald_container_effective_memory_limit_bytes{id="/",name="",image="",level="/"}"#)
                == Double(1000 * Self.mebibyte))
        #expect(
            page.sample(#"vitald_container_memory_available_bytes{id="/",name="",image="",level="/"}"#)
                == Double(3 * Self.mebibyte))
        let doctor = try await Self.namespace(daemon)
        #expect(doctor["state"]?.string == "limited")
        #expect(doctor["fact"]?.string?.hasSuffix("so only one container is visible: its own") == true)
        #expect(doctor["remedy"]?.string?.hasPrefix("Run vitald on the host to see all containers") == true)
        #expect(!daemon.log.contains("matches nothing"))
        try await daemon.stop()
    }

    @Test("a path outside of its namespace is logged once, told by doctor, and self is no cgroup of the tree")
    func outside() async throws {
        let daemon = try await daemon(own: "/../vitald.service", inUse: 10)

        try await Wait.until("the line in the log") { daemon.log.contains("says /../vitald.service") }
        let own = try await daemon.result("container", #"{"select":"self"}"#)
        #expect(own["containers"]?.elements.isEmpty == true)
        let doctor = try await Self.namespace(daemon)
        #expect(doctor["fact"]?.string?.contains("self/cgroup says /../vitald.service") == true)
        try await Wait.until("another round of the sampler") {
            try await daemon.get("/metrics").status == 200
        }
        let lines = daemon.log.split(separator: "\n").filter { $0.contains("says /../vitald.service") }
        #expect(lines.count == 1)
        try await daemon.stop()
    }
}
