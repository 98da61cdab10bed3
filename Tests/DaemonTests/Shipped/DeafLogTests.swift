// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// Whatever standard error is, nobody waits for whoever should read it.
@Suite("The shipped binary, whose log nobody reads")
struct DeafLogTests {
    private static let window = Duration.seconds(3)

    private func start(
        _ notify: NotifySocket, log: Int32, prefix: [String] = [], owner: uid_t? = nil,
        format: String = "json"
    ) throws -> ShippedDaemon {
        try ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [ { "name": "beat", "type": "heartbeat", "ttl": "1s" } ] }"#,
            arguments: ["--log-format", format],
            environment: [
                "NOTIFY_SOCKET": notify.path,
                "WATCHDOG_USEC": String(Self.window.components.seconds * 1_000_000),
            ], prefix: prefix, stderr: log, owner: owner)
    }

    /// Has it write more than anything holds, and sees that it lives on: it answers, beats, and ends when told to.
    private func expectLife(_ daemon: ShippedDaemon, _ notify: NotifySocket) async throws {
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }

        // Each reload writes a line of some 250 bytes; a pipe takes 64 KiB of them, a socket 280 lines.
        for _ in 0..<600 {
            let answer = try await daemon.result("reload")
            try #require(answer["generation"]?.integer != nil)
        }
        let took = try await ContinuousClock().measure { _ = try await daemon.get("/metrics") }
        #expect(took < .seconds(2))
        let known = notify.beats.count
        try await Wait.until("three more beats") { notify.beats.count >= known + 3 }
        #expect(!notify.states.contains { $0.contains("trigger") })

        let told = ContinuousClock.now
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
        #expect(ContinuousClock.now - told < .seconds(8))
    }

    @Test(
        "a terminal that nobody reads holds nothing up, and stays as its owner has it",
        arguments: [false, true])
    func terminal(isHeld: Bool) async throws {
        let (notify, terminal) = (try NotifySocket(), try Terminal())
        if isHeld { terminal.hold() }
        let daemon = try start(notify, log: terminal.line, format: isHeld ? "text" : "json")

        try await expectLife(daemon, notify)

        #expect(terminal.isBlocking)
    }

    @Test("what a terminal did not take comes later, whole and in order, with the number of what is missing")
    func terminalLater() async throws {
        let (notify, terminal) = (try NotifySocket(), try Terminal())
        terminal.hold()
        let daemon = try start(notify, log: terminal.line)
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }
        for _ in 0..<100 { _ = try await daemon.result("reload") }

        terminal.release()
        var said = ""
        try await Wait.until("all of it") {
            said += terminal.read()
            _ = try await daemon.result("reload")
            return said.contains("generation 102 is in force")
        }

        let lines = said.split(separator: "\r\n").dropLast().filter { $0.contains(#""reloaded""#) }
        for (number, line) in lines.enumerated() {
            #expect(line.hasPrefix(#"{"time":""#) && line.contains(#"generation \#(number + 2) is in force"#))
        }
        try await daemon.stop()
    }

    @Test("a pipe that nobody reads holds nothing up, and stays blocking for those who share it")
    func pipeEnd() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let notify = try NotifySocket()

        try await expectLife(try start(notify, log: ends[1]), notify)

        #expect(fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
    }

    @Test("a named pipe without a reader, and one that is its own reader, hold nothing up")
    func namedPipe() async throws {
        let (notify, directory) = (try NotifySocket(), try TestDirectory())
        let path = directory.path + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let both = open(path, O_RDWR | O_CLOEXEC)
        defer { close(both) }
        try await expectLife(try start(notify, log: both), notify)

        let again = try NotifySocket()
        let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        close(both)
        defer { close(writer) }
        try await expectLife(try start(again, log: writer), again)
    }

    @Test(
        "a socket that nobody reads holds nothing up", arguments: [SOCK_STREAM.rawValue, SOCK_DGRAM.rawValue])
    func socketEnd(_ kind: UInt32) async throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(kind | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let notify = try NotifySocket()

        try await expectLife(try start(notify, log: ends[1]), notify)
    }

    @Test(
        "a full pipe of another user, which cannot be opened again, holds nothing up",
        .enabled(if: Stranger.isPossible, "it takes root, and a binary that others may run"))
    func foreignPipe() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let notify = try NotifySocket()
        try notify.openToAll()

        let daemon = try start(notify, log: ends[1], prefix: Stranger.prefix, owner: Stranger.uid)
        try await expectLife(daemon, notify)
    }

    @Test(
        "a file on a disk that hangs holds nothing up",
        .enabled(if: Program.has("strace"), "strace is not installed: apt install strace"))
    func hangingFile() async throws {
        let (notify, directory) = (try NotifySocket(), try TestDirectory())
        let file = open(directory.path + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        // Every write to that file takes four seconds.
        let daemon = try start(
            notify, log: file,
            prefix: [
                "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", directory.path + "/log", "-e",
                "trace=write",
                "-e", "inject=write:delay_enter=4s",
            ])
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }

        for _ in 0..<20 {
            let took = try await ContinuousClock().measure { _ = try await daemon.result("reload") }
            #expect(took < .seconds(2))
        }
        let known = notify.beats.count
        try await Wait.until("three more beats") { notify.beats.count >= known + 3 }
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
    }

    @Test(
        "a file that may not grow is no end: what is missing is counted",
        .enabled(if: Program.has("prlimit"), "prlimit is not installed: apt install util-linux"))
    func limitedFile() async throws {
        let daemon = try ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#, prefix: ["prlimit", "--fsize=2000"])
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }

        for _ in 0..<30 { _ = try await daemon.result("reload") }

        let lost = #"vitald_dropped_total{what="log_lines",reason="write_failed"}"#
        #expect(try await daemon.get("/metrics").sample(lost) ?? 0 > 10)
        #expect(daemon.log.utf8.count <= 2000)
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
    }
}
