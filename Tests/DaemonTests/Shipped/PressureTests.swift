// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// What clients can do to the daemon from outside: connect in masses, hold what they have, and make accept(2) fail.
@Suite("The shipped binary under pressure from outside")
struct PressureTests {
    private let directory: TestDirectory

    init() throws {
        directory = try TestDirectory()
        // Other users have to reach the socket.
        try #require(chmod(directory.path, 0o755) == 0)
    }

    private static let open = #""socket": { "mode": "0666" }, "http": { "listen": ["127.0.0.1:0"] }"#
    private static let unmeasured = #""containers": { "include": [], "systemdUnits": [] }"#

    /// Connects for some seconds as fast as it can, and prints how often that worked. `hold` keeps what it gets.
    private static let flood = """
        import socket, sys, time
        path, seconds, manner = sys.argv[1], float(sys.argv[2]), sys.argv[3]
        end, count, held = time.time() + seconds, 0, []
        while time.time() < end:
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(manner == "wait")
            try:
                s.connect(path)
                count += 1
                if count == 1: print("begun", flush=True)
                if manner == "hold" and len(held) < 900:
                    held.append(s)
                    continue
            except OSError: pass
            s.close()
        print("connected", count, flush=True)
        """

    @Test(
        "a flood of connects by another user restarts nothing, and root is answered",
        .enabled(if: OtherUser.isPossible, "it takes root"), arguments: ["spin", "wait", "hold"])
    func flood(_ manner: String) async throws {
        let notify = try NotifySocket()
        let daemon = try await ShippedDaemon(
            "{ \(Self.open), \(Self.unmeasured), \"checks\": [] }",
            environment: ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "3000000"], in: directory
        ).serving()
        let output = directory.path + "/flood"
        let flood = try Program(
            OtherUser.words(65_534, Self.flood, daemon.socket, "7", manner), output: output, errors: output)
        try await Wait.until("the flood") { directory.read("flood").contains("begun") }

        var answers = 0
        while flood.hasEnded == nil {
            let answer = try await daemon.control("status")
            // An overall status of no checks is healthy.
            #expect(answer.ending == .code(0), "\(answer.errors)")
            #expect(try await daemon.get("/livez").status == 200)
            answers += 1
        }

        #expect(try await flood.end() == .code(0), "\(directory.read("flood"))")
        #expect(answers > 2)
        #expect(!notify.states.contains { $0.contains("trigger") }, "\(notify.states)")
        let beats = notify.beats
        for (earlier, later) in zip(beats, beats.dropFirst()) { #expect(later - earlier < .seconds(3)) }
        #expect(daemon.logged("watchdogStalled").isEmpty)
        let refused = try await daemon.get("/metrics").sample(
            #"vitald_dropped_total{what="connection",reason="too_many_of_user"}"#)
        #expect(manner != "hold" || refused ?? 0 > 0)
        try await daemon.stop()
    }

    /// What makes vitald's accept4(2) fail so: `-D` keeps vitald the child that was started.
    private static func failing(_ error: String, _ when: String) -> [String] {
        [
            "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=accept4", "-e",
            "inject=accept4:error=\(error):when=\(when)", "-e", "signal=none",
        ]
    }

    private static let canInject =
        Program.has("strace") && (try? Program.output(failing("EPERM", "1") + ["true"]))?.ending == .code(0)

    @Test(
        "whatever accept(2) says, every listener goes on, and one line and a counter tell",
        .enabled(if: canInject, "it takes strace (apt install strace) and the right to trace"),
        arguments: [
            "EPERM", "EPROTO", "EHOSTUNREACH", "EOPNOTSUPP", "EIO", "ENOSPC", "ECONNABORTED", "EMFILE",
        ])
    func failedAccepts(_ error: String) async throws {
        let notify = try NotifySocket()
        // The first accept fails, and every other one after it.
        let daemon = try await ShippedDaemon(
            "{ \(Self.open), \(Self.unmeasured), \"checks\": [] }",
            environment: ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "3000000"],
            prefix: Self.failing(error, "1+2"), in: directory
        ).serving()
        let (port, web) = (try daemon.port(), daemon.web)

        for _ in 0..<3 {
            for place in [Wire.Place.port(port), web] {
                let page = try await Wait.apart { try Wire.get(place, "/livez") }
                #expect(page.status == 200)
            }
            #expect(try await daemon.result("ping")["pong"]?.boolean == true)
        }

        let page = try await daemon.get("/metrics")
        let counted = page.series("vitald_accept_errors_total")
        for listener in ["127.0.0.1:\(port)", daemon.socket] {
            #expect(
                counted.contains { $0.contains(listener) && $0.contains(#"error="\#(error)""#) }, "\(counted)"
            )
        }
        #expect(page.sample(#"vitald_listener_up{listener="127.0.0.1:\#(port)"}"#) == 1)
        let told = daemon.logged("acceptFailed").filter { $0.contains("127.0.0.1:\(port): ") }
        #expect(told.count { $0.contains("warning") } == 1, "once a minute: \(told)")
        let doctor = try await daemon.control("doctor").output
        #expect(doctor.contains("limited  listeners "), "\(doctor)")
        #expect(doctor.contains(error), "\(doctor)")
        #expect(!notify.states.contains { $0.contains("trigger") }, "\(notify.states)")
        #expect(daemon.logged("watchdogStalled").isEmpty)
        try await daemon.stop()
    }

    @Test(
        "without descriptors nothing spins, checks say so, and everything goes on when there are some again")
    func noDescriptors() async throws {
        let server = try SilentServer()
        let daemon = try await ShippedDaemon(
            """
            { \(Self.open), \(Self.unmeasured), "defaults": { "interval": "1s", "timeout": "900ms" }, "checks": [
                { "name": "queue", "type": "tcp", "address": "127.0.0.1:\(server.port)" },
                { "name": "named", "type": "tcp", "address": "localhost:\(server.port)" },
                { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 } ] }
            """, prefix: ["prlimit", "--nofile=300:300"], in: directory
        ).serving()
        for name in ["queue", "named", "capacity"] {
            try await Wait.until("\(name)") { try await daemon.check(name)["level"]?.string == "healthy" }
        }
        let port = try daemon.port()
        // Both are let in before: who is in can still ask.
        let wire = try Wire(.path(daemon.socket))
        let kept = try Wire(.port(port))
        try wire.send(#"{"jsonrpc":"2.0","id":0,"method":"ping"}"# + "\n")
        #expect(try await Wait.apart { try wire.line() } != nil)
        try kept.send(Wire.request("/livez"))
        #expect(try await Wait.apart { try kept.line() } == "HTTP/1.1 200 OK\r")

        let healthy = try await diagnoses(wire)

        try await limit(daemon, "3")
        let fresh = try Wire(.port(port))
        let before = try Self.processorTime(daemon)
        let began = ContinuousClock.now
        try await Wait.until("three seconds") { ContinuousClock.now - began > .seconds(3) }
        let used = try Self.processorTime(daemon) - before
        #expect(used < (ContinuousClock.now - began) / 4, "\(used)")

        var reasons: [String: String] = [:]
        for name in ["queue", "named", "capacity"] {
            try await Wait.until("\(name) to say so") {
                let reply = try await Wait.apart {
                    try wire.send(
                        #"{"jsonrpc":"2.0","id":1,"method":"checks.get","params":{"name":"\#(name)"}}"# + "\n"
                    )
                    return try #require(try wire.line())
                }
                let check = try JSONDocument(parsing: Array(reply.utf8)).root["result"]?["check"]
                reasons[name] = check?["message"]?.string
                return check?["reason"]?.string == "inconclusive.descriptors"
            }
            #expect(reasons[name]?.contains("no descriptors are free") == true, "\(reasons)")
        }
        let blind = try await diagnoses(wire)
        #expect(blind.keys == healthy.keys)
        for (subject, finding) in blind
        where subject != "listeners" && !finding.fact.contains("no descriptors are free") {
            #expect(finding.state == healthy[subject]?.state, "\(subject): \(finding.fact)")
        }
        for subject in ["cgroup", "pressure", "processes", "limits"] {
            #expect(blind[subject]?.fact.contains("no descriptors are free") == true, "\(subject)")
        }
        try kept.send(Wire.request("/livez", ["Connection: close"]))
        let answers = try await Wait.apart { String(decoding: try kept.readAll(), as: UTF8.self) }
        #expect(answers.contains("\nHTTP/1.1 200 OK\r\n"), "who is in goes on: \(answers)")

        try await limit(daemon, "300")
        try fresh.send(Wire.request("/livez", ["Connection: close"]))
        #expect(try await Wait.apart { try WebPage(fresh.readAll()).status } == 200, "who waited is served")
        for name in ["queue", "named", "capacity"] {
            try await Wait.until("\(name)") { try await daemon.check(name)["reason"]?.isNull != false }
        }
        let told = daemon.logged("acceptFailed")
        #expect(told.first?.contains("127.0.0.1:\(port): no descriptors are free") == true, "\(told)")
        #expect(told.last?.contains("connections are accepted again") == true, "\(told)")
        #expect(told.count <= 2, "\(told)")
        try await daemon.stop()
    }

    /// What the doctor finds, asked for on a connection that is there.
    private func diagnoses(_ wire: Wire) async throws -> [String: (state: String, fact: String)] {
        let reply = try await Wait.apart {
            try wire.send(#"{"jsonrpc":"2.0","id":2,"method":"doctor"}"# + "\n")
            return try #require(try wire.line())
        }
        let root = try JSONDocument(parsing: Array(reply.utf8)).root
        var found: [String: (state: String, fact: String)] = [:]
        for finding in try #require(root["result"]?["findings"]).elements {
            let subject = try #require(finding["subject"]?.string)
            found[subject] = (finding["state"]?.string ?? "", finding["fact"]?.string ?? "")
        }
        return found
    }

    private func limit(_ daemon: ShippedDaemon, _ soft: String) async throws {
        let words = ["prlimit", "--pid", "\(daemon.pid)", "--nofile=\(soft):300"]
        let result = try await Wait.apart { try Program.output(words) }
        try #require(result.ending == .code(0), "\(result.errors)")
    }

    /// What the process has used of all processors.
    private static func processorTime(_ daemon: ShippedDaemon) throws -> Duration {
        let text = try #require(TestDirectory.read("/proc/\(daemon.pid)/stat"))
        let fields = try #require(text.split(separator: ")").last).split(separator: " ")
        let ticks = try #require(Int(fields[11]).flatMap { user in Int(fields[12]).map { user + $0 } })
        return .milliseconds(ticks * 1000 / sysconf(Int32(_SC_CLK_TCK)))
    }

    @Test("clients that take every descriptor they can get leave those of checks and of root alone")
    func reserve() async throws {
        let server = try SilentServer()
        let daemon = try await ShippedDaemon(
            """
            { \(Self.open), \(Self.unmeasured), "defaults": { "interval": "1s", "timeout": "900ms" }, "checks": [
                { "name": "queue", "type": "tcp", "address": "127.0.0.1:\(server.port)" },
                { "name": "capacity", "type": "memory", "of": "host", "warnPercent": 100, "failPercent": 100 } ] }
            """, prefix: ["prlimit", "--nofile=200:200"], in: directory
        ).serving()
        for name in ["queue", "capacity"] {
            try await Wait.until("\(name)") { try await daemon.check(name)["level"]?.string == "healthy" }
        }
        let port = try daemon.port()

        // More than 200 in all: each place alone has room for them.
        var held: [Wire] = []
        for _ in 0..<200 {
            if let wire = try? Wire(.port(port)) { held.append(wire) }
        }
        try await Wait.until("a client to be refused") {
            try await daemon.get("/metrics").sample(
                #"vitald_dropped_total{what="http_connection",reason="descriptors"}"#) ?? 0 > 0
        }
        #expect(daemon.descriptors < 200 - 32)
        let runs = try await runs(daemon)
        try await Wait.until("five more runs") { try await self.runs(daemon) >= runs + 5 }

        for name in ["queue", "capacity"] {
            let check = try await daemon.check(name)
            #expect(check["level"]?.string == "healthy")
            #expect(check["reason"]?.isNull != false, "\(String(decoding: check.source, as: UTF8.self))")
        }
        let refused = try #require(held.last)
        let words = try await Wait.apart { String(decoding: try refused.readAll(), as: UTF8.self) }
        #expect(words.hasPrefix("HTTP/1.1 503 ") && words.contains("no descriptors are free"), "\(words)")
        let told = daemon.logged("acceptFailed")
        #expect(told.count == 1 && told[0].contains("no descriptors are free for clients"), "\(told)")
        let doctor = try await daemon.control("doctor").output
        #expect(doctor.contains("limited  limits "), "\(doctor)")
        held.removeAll()
        try await daemon.stop()
    }

    private func runs(_ daemon: ShippedDaemon) async throws -> Double {
        try await daemon.get("/metrics").sample(#"vitald_check_runs_total{check="queue",outcome="pass"}"#)
            ?? 0
    }

    /// Holds connections on which it was answered until its input ends, and prints what the first one beyond got.
    private static let holder = """
        import socket, sys
        path, held = sys.argv[1], []
        while True:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(20)
            s.connect(path)
            s.sendall(b"GET /livez HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            answer = b""
            while b"\\r\\n\\r\\n" not in answer: answer += s.recv(4096)
            if not answer.startswith(b"HTTP/1.1 200 "):
                while True:
                    more = s.recv(4096)
                    if not more: break
                    answer += more
                break
            held.append(s)
        print(len(held), answer.decode().split("\\r\\n\\r\\n")[1].strip(), flush=True)
        sys.stdin.read()
        """

    @Test(
        "one user does not get all places of the socket for HTTP, reads why, and root always gets in",
        .enabled(if: OtherUser.isPossible, "it takes root"))
    func shares() async throws {
        let daemon = try await ShippedDaemon(
            "{ \(Self.open), \(Self.unmeasured), \"checks\": [] }", in: directory
        ).serving()
        let web = directory.path + "/run/http.sock"
        var holders: [Program] = []
        for uid in 60_001...60_004 {
            let output = "\(directory.path)/\(uid)"
            let ends = try Program.pair()
            defer { close(ends[0]) }
            holders.append(
                try Program(
                    OtherUser.words(uid, Self.holder, web), output: output, errors: output, input: ends[0]))
            // Its other end stays open until the test is over.
            lifelines.hold(ends[1])
            try await Wait.until("\(uid) to be refused; it says: \(directory.read("\(uid)"))") {
                directory.read("\(uid)").hasSuffix("\n")
            }
        }

        let share = "your user holds 32 connections already. Close some, or send more requests over one."
        #expect(directory.read("60001") == "32 503: \(share)\n")
        #expect(directory.read("60002") == "32 503: \(share)\n")
        #expect(directory.read("60003") == "32 503: \(share)\n")
        #expect(
            directory.read("60004") == "24 503: too many connections. Try again later.\n", "eight are root's")
        for _ in 0..<3 { #expect(try await daemon.get("/livez").status == 200) }
        #expect(
            try await daemon.get("/metrics").sample(
                #"vitald_dropped_total{what="http_connection",reason="user_limit"}"#) == 3)
        lifelines.release()
        for holder in holders { #expect(try await holder.end() == .code(0)) }
        try await daemon.stop()
    }

    private let lifelines = Lifelines()

    /// Descriptors that are closed all at once.
    private final class Lifelines: @unchecked Sendable {  // used by one task at a time
        private var descriptors: [Int32] = []

        func hold(_ descriptor: Int32) { descriptors.append(descriptor) }

        func release() {
            for descriptor in descriptors { close(descriptor) }
            descriptors = []
        }

        deinit { release() }
    }
}
