// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("The shipped binary, real cgroups and a real Prometheus")
struct ScrapeTests {
    private static let configuration = """
        { "http": { "listen": ["127.0.0.1:0"] },
          "checks": [ { "name": "capacity", "type": "memory", "of": "host", "interval": "1s", "timeout": "500ms" } ] }
        """

    @Test(
        "a container's cgroup is on the next page, and is off it once it is gone",
        .enabled(if: TestCgroup.isPossible, "no cgroup2 mount that this user may write to"))
    func cgroupComesAndGoes() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let before = try await daemon.get("/metrics")
        let group = try TestCgroup()
        let mark = #"id="\#(group.id)""#
        #expect(!before.body.contains(mark))

        let worker = try group.start([
            "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec tail -f /dev/null",
        ])
        try await Wait.until("the container's figures") {
            let page = try await daemon.get("/metrics")
            let used = page.series("container_cpu_usage_seconds_total").first { $0.contains(mark) }
            return used.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) } ?? 0 > 0
        }
        let page = try await daemon.get("/metrics")
        #expect(page.series("container_processes").contains { $0.contains(mark) && $0.hasSuffix(" 1") })
        #expect(
            page.series("vitald_container_info").contains {
                $0.contains(mark) && $0.contains(#"runtime="docker""#)
            })
        let shown = try await daemon.result("container", #"{"select":"\#(group.name.prefix(12))"}"#)
        #expect(String(decoding: shown.source, as: UTF8.self).contains(group.name))

        worker.signal(SIGKILL)
        _ = try await worker.end()
        try group.remove()
        // The page reads the kernel anew; a page of less than a second ago may be given again.
        try await Wait.until("the container to vanish", within: .seconds(5)) {
            try await !daemon.get("/metrics").body.contains(mark)
        }
        try await daemon.stop()
    }

    @Test(
        "a hundred containers that come and go leave no descriptor behind",
        .enabled(if: TestCgroup.isPossible, "no cgroup2 mount that this user may write to"))
    func churn() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let parent = try TestCgroup.Parent()
        var before = 0
        for round in 0...10 {
            let groups = try (0..<10).map { _ in try TestCgroup(in: parent) }
            let workers = try groups.map { try $0.start(["tail", "-f", "/dev/null"]) }
            try await Wait.until("ten containers") {
                let page = try await daemon.get("/metrics")
                return groups.allSatisfy { group in page.body.contains(#"id="\#(group.id)""#) }
            }
            for (group, worker) in zip(groups, workers) {
                worker.signal(SIGKILL)
                _ = try await worker.end()
                try group.remove()
            }
            guard round == 0 else { continue }
            // The first ten have opened what the first container opens for good.
            try await Wait.until("the first to vanish") {
                try await !daemon.get("/metrics").body.contains(parent.name)
            }
            before = daemon.descriptors
        }
        try await Wait.until("none of them") { try await !daemon.get("/metrics").body.contains(parent.name) }

        try await Wait.until("their descriptors to be closed; \(daemon.descriptors), \(before) before") {
            daemon.descriptors <= before + 2
        }
        try await daemon.stop()
    }

    @Test(
        "Prometheus scrapes it and answers for the containers' CPU and for the status",
        .enabled(
            if: Program.has("prometheus") && TestCgroup.isPossible,
            "it takes Prometheus (apt install prometheus) and a cgroup2 mount to write to"))
    func prometheus() async throws {
        let daemon = try await ShippedDaemon(Self.configuration).serving()
        let group = try TestCgroup()
        let worker = try group.start(["tail", "-f", "/dev/null"])
        let server = try await LocalPrometheus(
            """
              - job_name: vitald
                static_configs: [ { targets: ["127.0.0.1:\(try daemon.port())"] } ]
            """)

        for query in ["up", "vitald_status", "container_cpu_usage_seconds_total", "vitald_build_info"] {
            try await Wait.until("an answer for \(query); \(server.directory.read("prometheus.log"))") {
                guard let results = try await server.results(of: query) else { return false }
                return switch query {
                case "up": results.first?["value"]?.elements.last?.string == "1"
                case "vitald_status": results.count == 3
                case "container_cpu_usage_seconds_total":
                    results.contains { $0["metric"]?["id"]?.string == group.id }
                default: results.count == 1
                }
            }
        }

        try await server.stop()
        try await worker.stop()
        try group.remove()
        try await daemon.stop()
    }
}
