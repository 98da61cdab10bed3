// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("The shipped binary and the journal")
struct JournalTests {
    private static let writer = "/lib/systemd/systemd-journal-remote"

    private static func configuration(_ journal: String, _ checks: String = "") -> String {
        """
        { "http": { "listen": [] }, "containers": { "include": [], "systemdUnits": [] },
          "host": { "enabled": false }, \(journal)
          "checks": [ \(checks) ] }
        """
    }

    /// Appends one entry to a genuine journal file.
    private static func write(_ priority: Int, _ message: String, in directory: TestDirectory) throws {
        try #require(access(writer, X_OK) == 0, "apt install systemd-journal-remote")
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        var sinceBoot = timespec()
        clock_gettime(CLOCK_MONOTONIC, &sinceBoot)
        let entry =
            "__REALTIME_TIMESTAMP=\(wall.tv_sec * 1_000_000 + wall.tv_nsec / 1000)\n"
            + "__MONOTONIC_TIMESTAMP=\(sinceBoot.tv_sec * 1_000_000 + sinceBoot.tv_nsec / 1000)\n"
            + "_BOOT_ID=0123456789abcdef0123456789abcdef\n_SYSTEMD_UNIT=agent.service\n_PID=77\n"
            + "SYSLOG_IDENTIFIER=agent\nPRIORITY=\(priority)\nMESSAGE=\(message)\n\n"
        let export = try directory.write("export", entry)
        let run = try Program.output([
            "/bin/sh", "-c", "exec \"$0\" -o \"$1\" - < \"$2\"", writer,
            directory.path + "/journal/system.journal", export,
        ])
        try #require(run.ending == .code(0), "\(run.errors)")
    }

    @Test("errors of a unit are on the page, in vitalctl logs, and turn its check; a reload ends the reading")
    func follows() async throws {
        let directory = try TestDirectory()
        mkdir(directory.path + "/journal", 0o755)
        try Self.write(6, "begins", in: directory)
        let check = """
            { "name": "errors", "type": "journal", "unit": "agent.service", "failErrors": 2, "fall": 1,
              "interval": "1s", "timeout": "900ms" }
            """
        let journal = """
            "journal": { "units": ["agent.service"], "directory": "\(directory.path)/journal",
              "patterns": [ { "name": "full", "match": "disk full" } ] },
            """
        let daemon = try await ShippedDaemon(Self.configuration(journal, check), in: directory).serving()
        try await Wait.until("the check to be healthy; \(daemon.log)") {
            try await daemon.check("errors")["level"]?.string == "healthy"
        }

        try Self.write(3, "disk full", in: directory)
        try Self.write(2, "disk still full", in: directory)

        try await Wait.until("the check to turn") {
            try await daemon.check("errors")["level"]?.string == "unhealthy"
        }
        #expect(try await daemon.check("errors")["reason"]?.string == "journal.errors")
        let page = try await daemon.get("/metrics").body
        for line in [
            #"vitald_journal_messages_total{unit="agent.service",priority="err"} 1"#,
            #"vitald_journal_messages_total{unit="agent.service",priority="crit"} 1"#,
            #"vitald_journal_pattern_matches_total{pattern="full",unit="agent.service"} 1"#,
            #"vitald_collector_success{collector="journal"} 1"#,
        ] { #expect(page.contains("\n\(line)\n"), "\(line)") }
        #expect(page.contains("\nvitald_journal_lag_seconds 0"))
        let shown = try await daemon.control("logs", "agent")
        #expect(shown.ending == .code(0) && shown.errors == "")
        #expect(shown.output.contains("agent[77]: disk full"))
        #expect(shown.output.contains("agent[77]: disk still full"))

        let threads = daemon.threads
        try daemon.reconfigure(Self.configuration(""))
        try await Wait.until("the journal's thread to end") { daemon.threads < threads }
        let later = try await daemon.control("logs")
        #expect(later.output == "")
        #expect(later.errors.contains("the journal is not read: add"))
        #expect(try await !daemon.get("/metrics").body.contains("vitald_journal_lag_seconds"))
        try await daemon.stop()
    }

    @Test(
        "without descriptors the journal is not called damaged or closed, and nothing that is written is lost"
    )
    func noDescriptors() async throws {
        let directory = try TestDirectory()
        mkdir(directory.path + "/journal", 0o755)
        try Self.write(6, "begins", in: directory)
        let check = """
            { "name": "errors", "type": "journal", "unit": "agent.service", "failErrors": 100, "fall": 1,
              "interval": "1s", "timeout": "900ms" }
            """
        let journal = """
            "journal": { "units": ["agent.service"], "directory": "\(directory.path)/journal" },
            """
        let daemon = try await ShippedDaemon(
            Self.configuration(journal, check), prefix: ["prlimit", "--nofile=300:300"], in: directory
        ).serving()
        try await Wait.until("the check to be healthy; \(daemon.log)") {
            try await daemon.check("errors")["level"]?.string == "healthy"
        }
        let wire = try Wire(.path(daemon.socket))
        try wire.send(#"{"jsonrpc":"2.0","id":0,"method":"ping"}"# + "\n")
        #expect(try await Wait.apart { try wire.line() } != nil)

        try await limit(daemon, "3")
        for number in 1...2 {
            try Self.write(3, "error \(number)", in: directory)
            let place = directory.path + "/journal/system"
            try #require(rename(place + ".journal", place + "@\(number).journal") == 0)
        }
        try Self.write(4, "warning", in: directory)
        var message = ""
        try await Wait.until("the check to say so") {
            let reply = try await Wait.apart {
                try wire.send(
                    #"{"jsonrpc":"2.0","id":1,"method":"checks.get","params":{"name":"errors"}}"# + "\n")
                return try #require(try wire.line())
            }
            let check = try JSONDocument(parsing: Array(reply.utf8)).root["result"]?["check"]
            message = check?["message"]?.string ?? ""
            return check?["reason"]?.string == "inconclusive.descriptors"
        }
        #expect(message.hasPrefix("the journal cannot be read: no descriptors are free"), "\(message)")

        try await limit(daemon, "300")
        try await Wait.until("the last entry") {
            try await daemon.get("/metrics").sample(
                #"vitald_journal_messages_total{unit="agent.service",priority="warning"}"#) == 1
        }
        let page = try await daemon.get("/metrics")
        #expect(page.sample(#"vitald_journal_messages_total{unit="agent.service",priority="err"}"#) == 2)
        #expect(page.series("vitald_dropped_total").allSatisfy { !$0.contains(#"what="journal""#) })
        try await Wait.until("the check to be healthy again") {
            try await daemon.check("errors")["reason"]?.isNull != false
        }
        try await daemon.stop()
    }

    private func limit(_ daemon: ShippedDaemon, _ soft: String) async throws {
        let words = ["prlimit", "--pid", "\(daemon.pid)", "--nofile=\(soft):300"]
        let result = try await Wait.apart { try Program.output(words) }
        try #require(result.ending == .code(0), "\(result.errors)")
    }

    @Test("a daemon that reads no journal has nothing of libsystemd in memory and nothing of it on the page")
    func off() async throws {
        let daemon = try await ShippedDaemon(Self.configuration("")).serving()

        let page = try await daemon.get("/metrics").body

        #expect(!page.contains("journal"))
        #expect(!(TestDirectory.read("/proc/\(daemon.pid)/maps") ?? "libsystemd").contains("libsystemd"))
        try await daemon.stop()
    }

    @Test(
        "a journal that is emptied under the daemon makes its check unknown; a true bus error ends it all the same"
    )
    func emptied() async throws {
        let directory = try TestDirectory()
        mkdir(directory.path + "/journal", 0o755)
        for _ in 0..<20 { try Self.write(6, String(repeating: "x", count: 4000), in: directory) }
        let check = """
            { "name": "errors", "type": "journal", "unit": "agent.service", "failErrors": 2, "fall": 1,
              "interval": "1s", "timeout": "900ms" }
            """
        let journal = "\"journal\": { \"directory\": \"\(directory.path)/journal\" },"
        // Swift's own handler would read symbols for half a minute before it lets the process go.
        let quiet = ["SWIFT_BACKTRACE": "enable=no"]
        let daemon = try await ShippedDaemon(
            Self.configuration(journal, check), environment: quiet, in: directory
        ).serving()
        try await Wait.until("the check to be healthy; \(daemon.log)") {
            try await daemon.check("errors")["level"]?.string == "healthy"
        }

        truncate(directory.path + "/journal/system.journal", 0)

        try await Wait.until("the check to know nothing; \(daemon.log)") {
            try await daemon.check("errors")["reason"]?.string == "journal.damaged"
        }
        #expect(
            try await daemon.get("/metrics").body.contains(
                "\nvitald_collector_success{collector=\"journal\"} 0\n"))
        daemon.program.signal(SIGBUS)
        #expect(try await daemon.program.end() == .signal(SIGBUS))
    }

    @Test("a journal that is not there is a warning, makes the check unknown, and is read when it comes")
    func appears() async throws {
        let directory = try TestDirectory()
        let check = """
            { "name": "errors", "type": "journal", "unit": "agent.service", "failErrors": 1,
              "interval": "1s", "timeout": "900ms" }
            """
        let journal = "\"journal\": { \"directory\": \"\(directory.path)/journal\" },"
        let daemon = try await ShippedDaemon(Self.configuration(journal, check), in: directory).serving()

        try await Wait.until("the reason") {
            try await daemon.check("errors")["reason"]?.string == "journal.unavailable"
        }
        #expect(
            try await daemon.get("/metrics").body.contains(
                "\nvitald_collector_success{collector=\"journal\"} 0\n"))
        let shown = try await daemon.control("logs")
        #expect(shown.errors.contains("there is no journal at \(directory.path)/journal"))

        mkdir(directory.path + "/journal", 0o755)
        try Self.write(6, "begins", in: directory)
        try await Wait.until("the check to be healthy; \(daemon.log)", within: .seconds(40)) {
            try await daemon.check("errors")["level"]?.string == "healthy"
        }
        try await daemon.stop()
    }
}
