// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import TestSupport
import Testing
import Vitals

@testable import vitalctl

@Suite("vitalctl against a server")
final class ClientTests {
    private let directory: String
    private let path: String

    init() throws {
        var template = Array("/tmp/vitalctl-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/v.sock"
    }

    deinit {
        unlink(path)
        unlink(path + ".lock")
        rmdir(directory)
    }

    private func run(_ arguments: String...) throws -> ProgramRun.Outcome {
        try ProgramRun(arguments, environment: ["VITALD_SOCKET=\(path)"]).outcome()
    }

    @Test("every command shows its answer, and --json the daemon's own")
    func commands() throws {
        let scene = try ClientScene(at: path, epoch: "e1")
        defer { try? scene.end() }

        let status = try run()
        #expect(status.code == 0 && status.complaint.isEmpty)
        let lines = status.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("healthy, ready, for ") == true)
        #expect(lines.dropFirst().first == "1 check: 1 healthy")
        #expect(lines.last == "cache  healthy      -  redis   0.00ms     -  PONG")
        #expect(
            try run("--json", "status").output
                == #"{"status":"healthy","ready":true,"started":false,"draining":false,"since":"1970-01-01T00:00:01.000Z","seq":1,"epoch":"e1","generation":1,"checks":{"total":1,"healthy":1,"degraded":0,"unhealthy":0,"unknown":0,"stale":0,"disabled":0}}"#
                + "\n")
        #expect(try run("checks", "cache").output.hasPrefix("cache\n  state"))
        #expect(try run("metrics", "x_*").output == #"x_total{id="/a\"b"} 1.25"# + "\n")
        #expect(
            try run("containers", "cron*").output
                == "NAME          RUNTIME  CPU  MEMORY  MEM%  LIMIT  WHOSE  LEFT  PIDS  RX  TX  STATUS\n"
                + "cron.service  systemd    -       -     -      -  -         -     1   -   -  -\n")
        #expect(try run("history", "cache").output == "cache has not run yet\n")
        let logs = try run("logs", "agent*").output
        #expect(logs.hasPrefix("agent.service\n  ") && logs.contains("err    agent[77]: disk full"))
        #expect(!logs.contains("\u{1B}"), "a message moves no cursor")
        #expect(try run("logs", "nobody").output == "no errors\n")
        #expect(
            try run("logs", "agent.service", "--json").output.contains(#""enabled":true,"missing":[]"#))
        #expect(try run("push", "heartbeat", "agent").code == 0)
        #expect(try run("describe", "ping").output.hasPrefix("ping (read)\n  Answers at once."))
        #expect(
            try run("version").output.hasPrefix(
                "vitalctl \(Version.text)\nvitald/test, protocol 1, at \(path)\n"))
        let top = try run("top", "--every", "100ms")
        #expect(
            top.code == 0 && top.output.hasPrefix("healthy, ready"), "one look ends it without a terminal")
        #expect(top.output.split(separator: "\n").filter { $0.hasPrefix("healthy") }.count == 1)
        let two = try run("top", "--every", "100ms", "--count", "2").output
        #expect(two.split(separator: "\n").filter { $0.hasPrefix("healthy") }.count == 2)
        #expect(try run("wait", "--ready", "--timeout", "10s").code == 0)
    }

    @Test("what is refused is one sentence and exit code 1")
    func refusals() throws {
        let scene = try ClientScene(at: path, epoch: "e1")
        defer { try? scene.end() }

        for (arguments, complaint) in [
            (["checks", "x"], "vitalctl: there is no check \"x\"\n"),
            (["run", "cache"], "vitalctl: the check \"cache\" cannot be run: it is switched off\n"),
            (["push", "heartbeat", "x"], "vitalctl: there is no heartbeat check \"x\"\n"),
            (
                ["reload"],
                "vitalctl: the configuration has 2 faults; the old one stays in force\n"
                    + "  checks[0].interval: too short.\n  http: unknown.\n"
            ),
        ] {
            let outcome = try ProgramRun(["--socket", path] + arguments).outcome()
            #expect(outcome.code == 1 && outcome.output.isEmpty)
            #expect(outcome.complaint == complaint)
        }
        #expect(try run("logs", "-f").code == 64)
    }

    @Test("what goes on for ever ends when nobody reads it, also where SIGPIPE is ignored as in services")
    func brokenPipe() throws {
        let scene = try ClientScene(at: path, epoch: "e1")
        defer { try? scene.end() }
        let program = ProgramRun.program

        let (code, output) = try Tool.run(
            [
                "timeout", "20", "sh", "-c",
                "trap '' PIPE; \(program) --socket \(path) top --every 100ms --count 100000 | head -n 1",
            ], [UInt8]())

        #expect(code == 0, "\(String(decoding: output, as: UTF8.self))")
        #expect(String(decoding: output, as: UTF8.self).hasPrefix("healthy, ready"))
    }

    @Test("check exits as Nagios wants it, in every state")
    func nagios() throws {
        let scene = try ClientScene(at: path, epoch: "e1")
        func become(_ status: Status) {
            var report = scene.board.report
            report.status = status
            scene.board.publish(report, [])
        }

        for (status, code) in [(Status.healthy, 0), (.degraded, 1), (.unhealthy, 2)] as [(Status, Int32)] {
            become(status)
            #expect(try run("check").code == code)
        }
        #expect(try run("check", "--ready").code == 0)
        let wait = try run("wait", "--timeout", "50ms")
        #expect(
            wait.code == 1
                && wait.complaint.hasPrefix("vitalctl: not healthy within 50ms. vitald says: unhealthy"))
        try scene.end()
        let gone = try run("check")
        #expect(
            gone.code == 3
                && gone.output.hasPrefix("VITALD UNKNOWN - vitald is not reached. \(path): no such file"))
    }

    @Test("where nobody answers it says where it looked and what to do")
    func nobody() throws {
        let missing = try run("status")
        #expect(missing.code == 1)
        #expect(
            missing.complaint
                == "vitalctl: vitald is not reached.\n  \(path): no such file\nStart vitald (systemctl start vitald), or"
                + " say where its socket is: --socket PATH or $VITALD_SOCKET.\n")
    }

    @Test("watch shows changes as they happen, and resumes when vitald begins anew")
    func watch() throws {
        let first = try ClientScene(at: path, epoch: "e1")
        let program = try ProgramRun(
            ["watch", "--count", "3"], environment: ["VITALD_SOCKET=\(path)", "TZ=UTC"])
        try program.outputUntil { $0.contains("healthy, ready") }
        first.publish(to: .unhealthy)
        try program.outputUntil { $0.contains("m2") }
        try first.end()
        let second = try ClientScene(at: path, epoch: "e2")
        defer { try? second.end() }
        try program.outputUntil { $0.split(separator: "\n").count >= 3 }
        second.publish(to: .degraded)
        second.publish(to: .unhealthy)

        let outcome = try program.outcome()

        #expect(outcome.code == 0)
        let changes = outcome.output.split(separator: "\n").filter { $0.contains("→") }
        #expect(
            changes == [
                "1970-01-01 00:00:00  cache             healthy → unhealthy  [refused] m2",
                "1970-01-01 00:00:00  cache             healthy → degraded  [refused] m2",
                "1970-01-01 00:00:00  cache             healthy → unhealthy  [refused] m3",
            ])
        #expect(outcome.complaint.contains("waiting for vitald"))
        #expect(outcome.complaint.contains("vitald was restarted"))
    }
}
