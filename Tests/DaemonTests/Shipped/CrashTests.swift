// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// Errors that the kernel hands out where nobody can go on without an answer: the daemon goes on, or says why not.
@Suite("The shipped binary, whose system calls fail")
struct CrashTests {
    private static let errors = ["EINTR", "EAGAIN", "EIO", "ENOSPC", "EMFILE", "ENOMEM"]
    /// The system call behind epoll_wait(2); younger processors have no other.
    #if arch(x86_64)
        private static let waiting = "epoll_wait"
    #else
        private static let waiting = "epoll_pwait"
    #endif
    private static let checks = """
        { "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "500ms" }, "checks": [
          { "name": "queue", "type": "tcp", "address": "localhost:1" },
          { "name": "root", "type": "filesystem", "path": "/" } ] }
        """

    /// Starts it under strace(1), which makes system calls fail and lets the daemon be the child of this process.
    private func start(_ injections: [String], notify: NotifySocket? = nil) throws -> ShippedDaemon {
        let calls = injections.compactMap { $0.split(separator: ":").first }.joined(separator: ",")
        return try ShippedDaemon(
            Self.checks, environment: notify.map { ["NOTIFY_SOCKET": $0.path] } ?? [:],
            prefix: ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)"]
                + injections.flatMap { ["-e", "inject=\($0)"] })
    }

    private func lastLine(_ daemon: ShippedDaemon) -> String {
        daemon.log.split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test(
        "errors of the event loop's calls that pass are passed over",
        .enabled(if: Program.has("strace"), "strace is not installed: apt install strace"), arguments: errors)
    func passing(_ error: String) async throws {
        let daemon = try start([
            "\(Self.waiting):error=\(error):when=5+9",
            "timerfd_settime:error=\(error):when=3+4", "epoll_ctl:error=\(error):when=2+5",
        ])

        try await Wait.until("it to serve") {
            if let ending = daemon.program.hasEnded { throw ShippedFault("\(ending): \(daemon.log)") }
            return (try? await daemon.get("/livez"))?.status == 200
        }
        for _ in 0..<20 { _ = try await daemon.result("status") }
        try await Wait.until("the checks to run") {
            try await daemon.get("/metrics").sample(
                #"vitald_check_runs_total{check="queue",outcome="fail"}"#) ?? 0 >= 2
        }

        #expect(daemon.logged("crashed").isEmpty, "\(daemon.log)")
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
    }

    @Test(
        "an error of the event loop's calls that stays ends it with 71 and the name of the call",
        .enabled(if: Program.has("strace"), "strace is not installed: apt install strace"),
        arguments: [
            (waiting, "epoll_wait", "ENOMEM"), ("timerfd_settime", "timerfd_settime", "ENOSPC"),
            ("epoll_ctl", "epoll_ctl", "EAGAIN"),
        ])
    func staying(_ injected: String, _ call: String, _ error: String) async throws {
        let notify = try NotifySocket()
        let daemon = try start(["\(injected):error=\(error):when=6+"], notify: notify)

        #expect(try await daemon.program.end() == .code(71), "\(daemon.log)")

        let sentence = "the event loop cannot go on: \(call) failed 9 times in a row with \(error) ("
        let line = try JSONDocument(parsing: Array(lastLine(daemon).utf8)).root
        #expect(line["event"]?.string == "crashed" && line["level"]?.string == "critical")
        #expect(line["message"]?.string?.hasPrefix(sentence) == true, "\(lastLine(daemon))")
        let time = try #require(line["time"]?.string)
        #expect(try Self.age(time) < 120)
        let said = try await notify.state("STATUS=the event loop")
        #expect(said.hasPrefix("STATUS=" + sentence) && said.contains("\nERRNO="), "\(said)")
    }

    /// Runs what follows behind a filter of seccomp(2): epoll_ctl(2) takes no new descriptor from a number on, as where
    /// fs.epoll.max_user_watches is used up. strace(1) cannot tell adding from changing, which never fails so.
    private static let filter = """
        import ctypes, os, platform, struct, sys
        call = {"x86_64": 233, "aarch64": 21}[platform.machine()]
        load, equal, atLeast, answer = 0x20, 0x15, 0x35, 0x06
        program = [(load, 0, 0, 0), (equal, 0, 5, call), (load, 0, 0, 24), (equal, 0, 3, 1), (load, 0, 0, 32),
                   (atLeast, 0, 1, int(sys.argv[1])), (answer, 0, 0, 0x00050000 | int(sys.argv[2])),
                   (answer, 0, 0, 0x7fff0000)]
        code = b"".join(struct.pack("HBBI", *step) for step in program)
        room = ctypes.create_string_buffer(code, len(code))
        head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(room))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(head), 0, 0):
            sys.exit(os.strerror(ctypes.get_errno()))
        os.execv(sys.argv[3], sys.argv[3:])
        """

    @Test(
        "a connection that cannot be watched is closed, the others and the next ones are served",
        arguments: [ENOSPC, ENOMEM])
    func unwatched(_ error: Int32) async throws {
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#,
            prefix: ["python3", "-c", Self.filter, "200", "\(error)"]
        ).serving()
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n"
        let socket = daemon.socket
        let (served, closed) = try await Wait.apart {
            let wires = try (0..<250).map { _ in try Wire(.path(socket)) }
            let answers = wires.map { wire -> String? in
                guard (try? wire.send(ping)) != nil else { return nil }
                return try? wire.line()
            }
            return (answers.count { $0?.contains("pong") == true }, answers.count { $0 == nil })
        }

        #expect(served > 100 && closed > 20 && served + closed == 250, "\(served) and \(closed)")
        #expect(daemon.program.hasEnded == nil, "\(daemon.log)")
        #expect(try await daemon.result("status")["status"]?.string == "healthy")
        try await daemon.stop()
    }

    @Test(
        "where no event loop can be made the start says so and ends with 71",
        .enabled(if: Program.has("strace"), "strace is not installed: apt install strace"),
        arguments: [
            ("epoll_create1", "epoll_create"), ("eventfd2", "eventfd"), ("timerfd_create", "timerfd_create"),
        ])
    func starting(_ injected: String, _ call: String) async throws {
        for error in Self.errors where error != "EINTR" {
            let daemon = try start(["\(injected):error=\(error):when=1"])

            #expect(try await daemon.program.end() == .code(71), "\(error): \(daemon.log)")
            let line = lastLine(daemon)
            #expect(line.contains(#""event":"startFailed""#), "\(error): \(line)")
            #expect(line.contains("no event loop can be made: \(call) failed: "), "\(error): \(line)")
        }
        let daemon = try start(["\(injected):error=EINTR:when=1"])
        try await daemon.serving().stop()
    }

    @Test(
        "a failed read is passed over, or the last line says so",
        .enabled(if: Program.has("strace"), "strace is not installed: apt install strace"), arguments: errors)
    func reading(_ error: String) async throws {
        // Behind the loading of libraries; from there on sockets, timers and files in turn.
        let daemon = try start(["read:error=\(error):when=120+7"])
        let began = ContinuousClock.now
        try await Wait.until("its end, or five seconds of life") {
            // Questions may fail, for their sockets are read as well.
            _ = try? await daemon.get("/livez")
            return daemon.program.hasEnded != nil || ContinuousClock.now - began > .seconds(5)
        }

        guard let ending = daemon.program.hasEnded else {
            daemon.program.signal(SIGTERM)
            _ = try await daemon.program.end()
            return
        }
        let event = try JSONDocument(parsing: Array(lastLine(daemon).utf8)).root["event"]?.string
        #expect(event == "crashed" || event == "startFailed", "\(ending): \(daemon.log)")
    }

    @Test(
        "a crash has a last line with its signal and time, and the manager hears it",
        arguments: [(SIGSEGV, "SEGV"), (SIGABRT, "ABRT"), (SIGILL, "ILL"), (SIGBUS, "BUS")])
    func crash(_ signal: Int32, _ name: String) async throws {
        let notify = try NotifySocket()
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#, environment: ["NOTIFY_SOCKET": notify.path]
        ).serving()

        daemon.program.signal(signal)
        #expect(try await daemon.program.end() == .signal(signal))

        let line = try JSONDocument(parsing: Array(lastLine(daemon).utf8)).root
        #expect(line["event"]?.string == "crashed")
        let message = try #require(line["message"]?.string)
        #expect(message.hasPrefix("vitald is ended by SIG\(name) ("), "\(message)")
        #expect(message.hasSuffix("), sent by process \(getpid())"), "\(message)")
        let time = try #require(line["time"]?.string)
        #expect(try Self.age(time) < 120)
        #expect(try await notify.state("STATUS=vitald is ended") == "STATUS=" + message)
    }

    @Test("the last line waits for nobody: a terminal that nobody reads does not hold up the end of a crash")
    func deaf() async throws {
        let (notify, terminal) = (try NotifySocket(), try Terminal())
        terminal.hold()
        let daemon = try ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#, environment: ["NOTIFY_SOCKET": notify.path],
            stderr: terminal.line)
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }
        for _ in 0..<50 { _ = try await daemon.result("reload") }

        daemon.program.signal(SIGSEGV)

        #expect(try await daemon.program.end(within: .seconds(5)) == .signal(SIGSEGV))
        _ = try await notify.state("STATUS=vitald is ended by SIGSEGV")
    }

    /// How many seconds ago, or ahead, a time of a log line is, by the day.
    private static func age(_ text: String) throws -> Int {
        let match = try #require(
            text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z/), "\(text)")
        var parts = tm()
        parts.tm_year = try #require(Int32(match.1)) - 1900
        parts.tm_mon = try #require(Int32(match.2)) - 1
        parts.tm_mday = try #require(Int32(match.3))
        parts.tm_hour = try #require(Int32(match.4))
        parts.tm_min = try #require(Int32(match.5))
        parts.tm_sec = try #require(Int32(match.6))
        return abs(time(nil) - timegm(&parts))
    }
}
