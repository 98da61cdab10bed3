// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@Suite("The metrics page of the shipped binary")
struct PageTests {
    private static let fixtures: String = {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/" + here + "/Fixtures"
    }()
    private static let tree = "linux-6.1-debian12-podman"
    private static let openMetrics = "Accept: application/openmetrics-text; version=1.0.0"

    /// What differs between two runs on the same tree, with its reason: only the value is masked, the series,
    /// their order, their labels, types and help are held to the golden page.
    private static let varying: Set<String> = [
        // when
        "container_last_seen", "vitald_check_last_run_timestamp_seconds",
        "vitald_probe_last_run_timestamp_seconds", "vitald_config_last_reload_timestamp_seconds",
        // how long
        "vitald_check_duration_seconds", "probe_duration_seconds", "vitald_collector_duration_seconds",
        // how often so far
        "vitald_check_runs_total", "vitald_socket_requests_total",
        // the size of the tree's own `self/fd` directory, which is the file system's affair here
        "process_open_fds",
    ]

    /// The page with the values masked that vary.
    private static func masked(_ page: String) -> String {
        page.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " ") else { return String(line) }
            let name = String(line.prefix { $0 != "{" && $0 != " " })
            return varying.contains(name) ? line[..<space] + " <varies>" : String(line)
        }.joined(separator: "\n")
    }

    /// A daemon that sees the captured machine, and its one check has had its first result.
    private func captured() async throws -> ShippedDaemon {
        let root = "\(Self.fixtures)/\(Self.tree)"
        let daemon = try await ShippedDaemon(
            """
            { "name": "golden", "labels": { "team": "data" }, "http": { "listen": [] },
              "checks": [ { "name": "capacity", "type": "memory", "of": "host", "interval": "1s", "timeout": "500ms" } ] }
            """, arguments: ["--proc-root", "\(root)/proc", "--sys-root", "\(root)/sys"]
        ).serving()
        try await Wait.until("the first round") { try await daemon.get("/startupz").status == 200 }
        return daemon
    }

    @Test("on the captured machine it is the golden page, in both formats", arguments: [false, true])
    func golden(isOpenMetrics: Bool) async throws {
        let daemon = try await captured()
        // The question about the first round is counted; how often it was asked is not the page's matter.
        let page = try await daemon.get("/metrics", isOpenMetrics ? [Self.openMetrics] : [])
        try await daemon.stop()

        #expect(page.status == 200)
        let body = page.body.replacing(daemon.directory.path, with: "/run/vitald")
        let masked = Self.masked(body).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("vitald_http_requests_total{route=") || $0.contains("/metrics") }.joined(
                separator: "\n")
        let path = "\(Self.fixtures)/\(Self.tree).\(isOpenMetrics ? "openmetrics" : "page")"
        if getenv("UPDATE_GOLDEN").map({ String(cString: $0) }) == "1" {
            try TestDirectory.write(path, masked, mode: 0o644)
        }
        let golden = try #require(TestDirectory.read(path), "no golden page: UPDATE_GOLDEN=1 makes one")
        let (is_, was) = (masked.split(separator: "\n"), golden.split(separator: "\n"))
        let differing = zip(is_, was).first { $0 != $1 }
        #expect(differing == nil, "the first line that differs")
        #expect(is_.count == was.count)
        #expect(masked == golden)
    }

    /// Names that dashboards force on us and that promtool would rather see otherwise.
    private static let lintAllowed: Set<String> = [
        "container_fs_inodes_total", "container_memory_failcnt", "pg_stat_activity_count",
        "pg_stat_database_blks_hit", "pg_stat_database_deadlocks", "pg_stat_database_xact_commit",
        "pg_stat_database_xact_rollback",
    ]

    @Test(
        "promtool finds nothing beyond the names that dashboards force on us",
        .enabled(if: Program.has("promtool"), "promtool is not installed: apt install prometheus"),
        arguments: [true, false])
    func promtool(isCaptured: Bool) async throws {
        let daemon =
            isCaptured
            ? try await captured() : try await ShippedDaemon(#"{ "http": { "listen": [] } }"#).serving()
        let page = try await daemon.get("/metrics").body
        try await daemon.stop()

        let verdict = try await Wait.apart {
            try Program.output(["promtool", "check", "metrics"], input: page)
        }

        let remarks = (verdict.output + verdict.errors).split(separator: "\n").filter { line in
            let name = String(line.prefix { $0 != " " && $0 != ":" })
            return !Self.lintAllowed.contains(name) && !name.hasPrefix("node_")
        }
        #expect(remarks.isEmpty, "\(remarks.joined(separator: "\n"))")
        #expect([.code(0), .code(3)].contains(verdict.ending), "3 is: there were remarks")
        #expect(page.split(separator: "\n").count > 100)
    }

    @Test("both formats tell the same series, and a zipped page is the plain one's size and type")
    func formats() async throws {
        let daemon = try await captured()
        let plain = try await daemon.get("/metrics")
        let open = try await daemon.get("/metrics", [Self.openMetrics])
        let web = daemon.web
        let zipped = try await Wait.apart {
            let wire = try Wire(web)
            try wire.send(Wire.request("/metrics", ["Connection: close", "Accept-Encoding: gzip"]))
            return try WebPage(wire.readAll())
        }
        try await daemon.stop()

        #expect(
            plain.header("content-type") == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
        #expect(
            open.header("content-type")
                == "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")
        #expect(open.body.hasSuffix("\n# EOF\n"))
        #expect(zipped.header("content-encoding") == "gzip")
        #expect(zipped.header("vary") == "Accept, Accept-Encoding")
        let names = { (page: WebPage) in
            Set(
                page.body.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                    line.lastIndex(of: " ").map { String(line[..<$0]) }
                }.filter { !$0.hasPrefix("vitald_http_") })
        }
        #expect(names(plain) == names(open))
    }
}
