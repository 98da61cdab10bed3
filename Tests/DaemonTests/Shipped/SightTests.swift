// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("What the shipped binary could not look at")
struct ShippedSightTests {
    private static let tree: String = {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/" + here + "/Fixtures/linux-6.1-debian12-podman"
    }()

    /// One check of each kind that names this.
    private static func checks(_ name: String) -> String {
        """
        "defaults": { "interval": "1s", "timeout": "500ms" },
        "checks": [
          { "name": "unit", "type": "unit", "unit": "\(name)" },
          { "name": "memory", "type": "memory", "of": "\(name)" },
          { "name": "container", "type": "container", "select": "\(name)" } ]
        """
    }

    private static let kinds = ["unit", "memory", "container"]

    /// Waits until every check has run, and gives their last outcomes, reasons and messages.
    private func results(_ daemon: ShippedDaemon) async throws -> [(
        outcome: String, reason: String, message: String
    )] {
        var all: [(String, String, String)] = []
        for name in Self.kinds {
            let check = try await Wait.value("a result of \(name)") {
                let check = try await daemon.check(name)
                return check["outcome"]?.string == nil ? nil : check
            }
            all.append(
                (
                    check["outcome"]?.string ?? "", check["reason"]?.string ?? "",
                    check["message"]?.string ?? ""
                ))
        }
        return all
    }

    @Test("at the limit of containers: a named unit is measured, and the cut is told in every place")
    func limit() async throws {
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": [] }, "containers": { "limit": 3 }, \(Self.checks("ssh.service")) }
            """, arguments: ["--proc-root", "\(Self.tree)/proc", "--sys-root", "\(Self.tree)/sys"]
        ).serving()

        let results = try await results(daemon)
        var pages: [WebPage] = []
        for _ in 0..<3 { pages.append(try await daemon.get("/metrics")) }
        let status = try await daemon.control("status")
        let containers = try await daemon.control("containers")
        let doctor = try await daemon.control("doctor")
        let json = try await daemon.result("status")
        try await Wait.until("a line in the log") { !daemon.logged("kernelGap").isEmpty }

        #expect(results.allSatisfy { $0.outcome == "pass" }, "\(results)")
        let page = try #require(pages.last)
        #expect(page.series("vitald_container_info").count == 3)
        #expect(page.series("vitald_container_info").contains { $0.contains("/system.slice/ssh.service") })
        let missing = try #require(page.sample(#"vitald_missing{what="container",reason="limit"}"#))
        #expect(missing == 10)
        #expect(
            page.sample(#"vitald_dropped_total{what="container",reason="limit"}"#) == missing,
            "it does not grow with each reading")
        let sentence = "10 containers and units are not measured: containers.limit is 3"
        #expect(status.output.contains("missing: \(sentence). Raise containers.limit"), "\(status.output)")
        #expect(containers.output.contains("missing: \(sentence)"), "\(containers.output)")
        let folded = doctor.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(folded.contains(sentence), "\(doctor.output)")
        #expect(json["missing"]?.elements.first?["count"]?.integer == 10)
        let told = daemon.logged("kernelGap").filter { $0.contains("more than 3 containers and units") }
        #expect(told.count == 1)
        try await daemon.stop()
    }

    @Test("on a machine with cgroup version 1 alone nothing is unhealthy for not being seen")
    func versionOne() async throws {
        let directory = try TestDirectory()
        _ = try Program.output(["cp", "-r", "\(Self.tree)/proc", "\(directory.path)/proc"])
        unlink("\(directory.path)/proc/self/mountinfo")
        try directory.write(
            "proc/self/mountinfo", "31 1 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, \#(Self.checks("ssh.service")) }"#,
            arguments: ["--proc-root", "\(directory.path)/proc", "--sys-root", "\(Self.tree)/sys"],
            in: directory
        ).serving()

        let results = try await results(daemon)

        for result in results {
            #expect(result.outcome == "unknown" && result.reason == "inconclusive.cgroup", "\(result)")
            #expect(result.message.contains("no cgroup2 file system is mounted"))
        }
        for name in Self.kinds {
            #expect(try await daemon.check(name)["level"]?.string == "unknown")
        }
        try await daemon.stop()
    }

    @Test(
        "without a descriptor to open what is new with, a new unit is not said to be missing",
        .enabled(if: Program.has("prlimit"), "prlimit is not installed: apt install util-linux"))
    func descriptors() async throws {
        let directory = try TestDirectory()
        _ = try Program.output(["cp", "-r", Self.tree + "/.", directory.path])
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, \#(Self.checks("late.service")) }"#,
            arguments: ["--proc-root", "\(directory.path)/proc", "--sys-root", "\(directory.path)/sys"],
            in: directory
        ).serving()
        // A connection that is there already: another would take a descriptor.
        let wire = try Wire(.path(daemon.socket))
        func reason(_ name: String) async throws -> String? {
            let text = try await Wait.apart { [wire] in
                try wire.send(
                    #"{"jsonrpc":"2.0","id":1,"method":"checks.get","params":{"name":"\#(name)"}}"# + "\n")
                return try wire.line() ?? ""
            }
            let reply = try JSONDocument(parsing: Array(text.utf8)).root
            return reply["result"]?["check"]?["reason"]?.string
        }
        try await Wait.until("a first result") { try await reason("unit") == "unit.inactive" }

        let used = TestDirectory.names(in: "/proc/\(daemon.pid)/fd")?.compactMap { Int($0) }.max() ?? 0
        let limited = try Program.output(["prlimit", "--pid", "\(daemon.pid)", "--nofile=\(min(used, 8)):"])
        try #require(limited.ending == .code(0), "\(limited.errors)")
        let unit = "\(directory.path)/sys/fs/cgroup/system.slice/late.service"
        _ = try Program.output(["cp", "-r", "\(directory.path)/sys/fs/cgroup/system.slice/ssh.service", unit])

        for name in Self.kinds {
            try await Wait.until("\(name) to say that there are no descriptors") {
                try await reason(name) == "inconclusive.resources"
            }
        }
        _ = try Program.output(["prlimit", "--pid", "\(daemon.pid)", "--nofile=4096:"])
        try await Wait.until("the unit to run") { try await reason("unit") == nil }
        try await daemon.stop()
    }
}
