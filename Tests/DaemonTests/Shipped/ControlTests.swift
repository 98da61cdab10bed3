// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("vitalctl beside the shipped binary")
struct ControlTests {
    private static func configuration(_ port: UInt16, _ more: String = "") -> String {
        """
        { "name": "agno", "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "400ms", "fall": 2, "rise": 1 },
          "checks": [
            { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 },
            { "name": "beat", "type": "heartbeat", "ttl": "60s", "impact": "degrade" }\(more) ] }
        """
    }

    @Test("status, checks, run, history, reload, metrics and describe tell what the daemon knows")
    func questions() async throws {
        let daemon = try await ShippedDaemon(Self.configuration(0)).serving()
        try await Wait.until("the first result") {
            try await daemon.check("capacity")["level"]?.string == "healthy"
        }

        let status = try await daemon.control("status")
        #expect(status.ending == .code(0), "\(status.errors)")
        #expect(status.output.contains("capacity") && status.output.contains("beat"), "\(status.output)")
        #expect(!status.output.contains("\u{1B}"), "no colours where there is no terminal")
        let json = try await daemon.control("--json", "status")
        let bytes = Array(
            (json.ending == .code(0) ? json : try await daemon.control("status", "--json")).output.utf8)
        #expect(try JSONDocument(parsing: bytes).root["status"]?.string == "degraded")
        let check = try await daemon.control("checks", "capacity")
        #expect(check.ending == .code(0) && check.output.contains("healthy"), "\(check)")
        let run = try await daemon.control("run", "capacity")
        #expect(run.ending == .code(0) && run.output.contains("capacity"), "\(run)")
        let history = try await daemon.control("history", "capacity")
        #expect(history.ending == .code(0) && history.output.contains("pass"), "\(history)")
        let metrics = try await daemon.control("metrics", "vitald_status")
        #expect(
            metrics.output.contains("vitald_status") && !metrics.output.contains("process_"), "\(metrics)")
        let describe = try await daemon.control("describe")
        #expect(describe.output.contains("checks.run"))
        #expect(try await daemon.control("version").output.contains("0.1.0"))
        let unknown = try await daemon.control("checks", "nobody")
        #expect(unknown.ending == .code(1) && unknown.errors.contains("nobody"), "\(unknown)")

        let reload = try await daemon.control("reload")
        #expect(reload.ending == .code(0) && reload.output.contains("2"), "\(reload)")
        try daemon.directory.write("config.json", "{\"intervall\": 1,\n\"name\": 5}")
        let refused = try await daemon.control("reload")
        #expect(refused.ending == .code(1))
        #expect(
            refused.errors.contains("line 1: intervall") && refused.errors.contains("line 2: name: "),
            "\(refused)")
        try await daemon.stop()
    }

    @Test("a reload says what takes effect at the next start as long as it is not what is served")
    func served() async throws {
        func configuration(_ name: String) -> String { #"{ "name": "\#(name)", "http": { "listen": [] } }"# }
        let daemon = try await ShippedDaemon(configuration("one")).serving()
        let remark = "name and labels take effect at the next start"

        for (name, isSaid) in [("two", true), ("two", true), ("three", true), ("one", false), ("one", false)]
        {
            try daemon.directory.write("config.json", configuration(name))
            let reload = try await daemon.control("reload")
            #expect(reload.ending == .code(0), "\(reload)")
            #expect((reload.output + reload.errors).contains(remark) == isSaid, "\(name): \(reload)")
        }
        try await daemon.stop()
    }

    @Test("check exits as Nagios wants it: 1 degraded, 0 healthy, 2 unhealthy, 3 where nobody answers")
    func nagios() async throws {
        let silent = try SilentServer()
        let daemon = try await ShippedDaemon(Self.configuration(silent.port)).serving()
        try await Wait.until("the first round") {
            try await daemon.result("status")["ready"]?.boolean == true
        }

        let degraded = try await daemon.control("check")
        #expect(degraded.ending == .code(1), "\(degraded)")
        #expect(degraded.output.hasPrefix("VITALD WARNING - "))
        #expect(try await daemon.control("check", "--ready").ending == .code(0))
        _ = try await daemon.result("push.heartbeat", #"{"name":"beat"}"#)
        try await Wait.until("health") { try await daemon.result("status")["status"]?.string == "healthy" }
        #expect(try await daemon.control("check").ending == .code(0))
        #expect(try await daemon.control("wait", "--timeout", "5s").ending == .code(0))

        try daemon.reconfigure(
            Self.configuration(
                0,
                #", { "name": "queue", "type": "tcp", "address": "127.0.0.1:\#(silent.port)", "expectBytes": "x" }"#
            ))
        try await Wait.until("the new check to fail") {
            try await daemon.result("status")["status"]?.string == "unhealthy"
        }
        let unhealthy = try await daemon.control("check")
        #expect(unhealthy.ending == .code(2), "\(unhealthy)")
        #expect(unhealthy.output.contains("queue") && unhealthy.output.split(separator: "\n").count == 1)
        #expect(try await daemon.control("wait", "--ready", "--timeout", "300ms").ending == .code(1))
        try await daemon.stop()
        let nobody = try await daemon.control("check")
        #expect(nobody.ending == .code(3), "\(nobody)")
        #expect(nobody.output.hasPrefix("VITALD UNKNOWN - "))
    }

    @Test("watch shows a turn as it happens, and wait --ready waits for a daemon that is yet to come")
    func watching() async throws {
        let silent = try SilentServer()
        let directory = try TestDirectory()
        let socket = directory.path + "/run/vitald.sock"
        let waiting = try Program(
            [ShippedDaemon.client, "--socket", socket, "wait", "--ready", "--timeout", "20s"],
            output: directory.path + "/waited", errors: directory.path + "/waited")
        let daemon = try await ShippedDaemon(Self.configuration(0), in: directory).serving()
        #expect(try await waiting.end() == .code(0), "\(directory.read("waited"))")

        let watching = try Program(
            [ShippedDaemon.client, "--socket", socket, "watch"], output: directory.path + "/watched",
            errors: directory.path + "/watched")
        try await Wait.until("the opening line") { directory.read("watched").contains("degraded") }
        try daemon.reconfigure(
            Self.configuration(
                0,
                #", { "name": "queue", "type": "tcp", "address": "127.0.0.1:\#(silent.port)", "expectBytes": "x" }"#
            ))
        try await Wait.until("the turn with its reason; \(directory.read("watched"))") {
            directory.read("watched").split(separator: "\n").contains {
                $0.contains("queue") && $0.contains("unhealthy") && $0.contains("timeout")
            }
        }
        watching.signal(SIGINT)
        _ = try await watching.end()
        try await daemon.stop()
    }

    @Test("doctor tells what the running daemon sees, and ends with 1 only where something is missing")
    func doctor() async throws {
        let daemon = try await ShippedDaemon(#"{ "http": { "listen": [] }, "checks": [] }"#).serving()

        let told = try await daemon.control("doctor")
        let raw = try await daemon.control("doctor", "--json")
        let findings = try JSONDocument(parsing: Array(raw.output.utf8)).root["findings"]?.elements ?? []

        let subjects = findings.compactMap { $0["subject"]?.string }
        for subject in [
            "cgroup", "controllers", "processes", "capabilities", "filesystems", "journal", "log", "resolver",
            "clock",
            "resources", "credentials", "access", "sockets", "listeners", "caller",
        ] {
            #expect(subjects.contains(subject), "\(subjects)")
            #expect(told.output.contains(" \(subject) "), "\(told.output)")
        }
        let isMissing = findings.contains { $0["state"]?.string == "missing" }
        #expect(told.ending == .code(isMissing ? 1 : 0))
        let sockets = findings.first { $0["subject"]?.string == "sockets" }
        #expect(sockets?["state"]?.string == "limited", "it opened them itself")
        func fact(_ subject: String) -> String {
            findings.first { $0["subject"]?.string == subject }?["fact"]?.string ?? ""
        }
        #expect(
            fact("access").hasPrefix("\(daemon.socket) is ") && fact("access").contains("config.json is "))
        #expect(fact("log").hasPrefix("vitald's own lines go to standard error"))
        #expect(fact("caller").hasPrefix("uid \(getuid()), gid \(getgid())"))
        #expect(
            told.output.split(separator: "\n").allSatisfy {
                $0.count <= 80 || !$0.dropFirst(24).contains(" ")
            })

        let pages = daemon.socket.dropLast("vitald.sock".count) + "http.sock"
        unlink(String(pages))
        // What was found is good for a second.
        try await Wait.until("the socket to be missed") {
            try await daemon.control("doctor").ending == .code(1)
        }
        let missed = try await daemon.control("doctor").output
        #expect(missed.contains("\nmissing  access "), "\(missed)")
        try await daemon.stop()
        let alone = try await daemon.control("doctor")
        #expect(alone.ending == .code(1))
        #expect(alone.output.contains("missing  socket   \(daemon.socket): "), "\(alone.output)")
    }

    @Test("what doctor advises concerns this instance, and can be typed as it stands")
    func advice() async throws {
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#, arguments: ["--instance", #"my\x2dagent"#]
        ).serving()
        let instance = #"'my\x2dagent'"#

        let told = Self.unwrapped(try await daemon.control("doctor").output)
        #expect(told.contains("systemctl stop vitald@\(instance), then systemctl enable --now"), "\(told)")
        #expect(told.contains(" vitald-http@\(instance).socket vitald@\(instance)."), "\(told)")

        try daemon.directory.write("config.json", "{")
        _ = try await daemon.control("reload")
        let refused = Self.unwrapped(try await daemon.control("doctor").output)
        #expect(
            refused.contains("config.json is not what is in force: the last reload was refused"), "\(refused)"
        )
        #expect(refused.contains("vitald --check-config --instance \(instance) --config /"), "\(refused)")
        try await daemon.stop()
    }

    private static func unwrapped(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
