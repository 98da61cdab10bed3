// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

/// Started with less than a process usually has: without descriptors, without threads, among strangers' files.
@Suite("The shipped binary, started bare")
struct BareStartTests {
    private static let quiet = #"{ "http": { "listen": [] }, "checks": [] }"#
    private static let sentence = "no thread can be started. Raise TasksMax=."

    @Test(
        "descriptors 0 to 2 that are closed lead to /dev/null, and no client gets the log",
        arguments: [
            "<&- >&- 2>&-", "<&-", ">&- 2>&-", "<&- 2>&-",
        ])
    func closed(_ closing: String) async throws {
        let daemon = try ShippedDaemon(
            Self.quiet, prefix: ["sh", "-c", #"exec "$@" "# + closing, "sh"])
        try await Wait.until("an answer") { (try? await daemon.get("/livez"))?.status == 200 }

        for descriptor in 0...2 {
            var target = stat()
            try #require(stat("/proc/\(daemon.pid)/fd/\(descriptor)", &target) == 0, "\(descriptor)")
            #expect(target.st_mode & S_IFMT != S_IFSOCK, "\(descriptor) is a socket")
            #expect(target.st_mode & S_IFMT == S_IFCHR || descriptor == 2, "\(descriptor)")
        }
        for _ in 0..<5 { _ = try await daemon.result("reload") }
        #expect(try await daemon.get("/livez").status == 200)
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
    }

    @Test("vitalctl without descriptors 0 to 2 asks what it should, and prints to whoever is there")
    func closedClient() async throws {
        let daemon = try await ShippedDaemon(Self.quiet).serving()
        let socket = daemon.socket
        func control(_ closing: String) async throws -> (ending: Program.Ending, output: String) {
            let script = "exec \(ShippedDaemon.client) --socket \(socket) status --json " + closing
            let answer = try await Wait.apart { try Program.output(["sh", "-c", script]) }
            return (answer.ending, answer.output)
        }

        let (ending, output) = try await control("<&- 2>&-")
        let silent = try await control("<&- >&- 2>&-")

        #expect(ending == .code(0))
        #expect(try JSONDocument(parsing: Array(output.utf8)).root["status"] != nil)
        #expect(silent.ending == .code(0) && silent.output == "")
        let page = try await daemon.get("/metrics")
        #expect(
            page.series("vitald_socket_requests_total").allSatisfy {
                $0.contains(#"code="0""#) || $0.hasSuffix(" 0")
            })
        try await daemon.stop()
    }

    @Test(
        "where no thread can be had the start ends at once and says so, whichever thread it is",
        .enabled(if: Stranger.isPossible, "it takes root, and a binary that others may run"), arguments: 1...5
    )
    func withoutThreads(_ processes: Int) async throws {
        let daemon = try ShippedDaemon(
            Self.quiet, prefix: Stranger.prefix + ["prlimit", "--nproc=\(processes)"], owner: Stranger.uid)
        let began = ContinuousClock.now
        // It answers before it has all its threads: only behind this line it goes on.
        try await Wait.until("its end, or its start") {
            daemon.program.hasEnded != nil || !daemon.logged("started").isEmpty
        }

        guard let ending = daemon.program.hasEnded else {
            // Then it has the threads that every daemon needs.
            #expect(processes > 2)
            return try await daemon.stop()
        }
        #expect(ending == .code(1), "\(daemon.log)")
        #expect(ContinuousClock.now - began < .seconds(8))
        #expect(daemon.logged("startFailed").last?.contains(Self.sentence) == true, "\(daemon.log)")
        #expect(daemon.logged("crashed").isEmpty, "\(daemon.log)")
    }

    @Test(
        "checks that get no thread are unknown and no crash, and go on when there are threads again",
        .enabled(if: Stranger.isPossible, "it takes root, and a binary that others may run"))
    func threadsRunOut() async throws {
        let daemon = try await ShippedDaemon(
            """
            { "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "500ms" },
              "checks": [
                { "name": "queue", "type": "tcp", "address": "localhost:1" },
                { "name": "page", "type": "http", "url": "http://localhost:1/" },
                { "name": "cache", "type": "redis", "url": "redis://localhost:1/0" },
                { "name": "root", "type": "filesystem", "path": "/" },
                { "name": "database", "type": "postgres", "url": "postgresql://v@localhost:1/d" }
              ] }
            """, prefix: Stranger.prefix + ["prlimit", "--nproc=100"], owner: Stranger.uid
        ).serving()
        let names = ["queue", "page", "cache", "root", "database"]
        func runs(_ name: String, _ outcome: String) async throws -> Double {
            try await daemon.get("/metrics").sample(
                #"vitald_check_runs_total{check="\#(name)",outcome="\#(outcome)"}"#) ?? 0
        }
        func known(_ name: String) async throws -> Double {
            try await runs(name, "fail") + runs(name, "pass")
        }
        for name in names { try await Wait.until("\(name) to run") { try await known(name) > 0 } }

        try Stranger.limit(daemon.pid, processes: 1)
        // An address that is known already is dialled without a thread.
        for name in ["queue", "page", "cache"] {
            let before = try await known(name)
            try await Wait.until("\(name) to go on with what it knows: \(daemon.log)") {
                try await known(name) >= before + 2
            }
        }
        for name in ["root", "database"] {
            let before = try await runs(name, "unknown")
            try await Wait.until("\(name) to get no thread: \(daemon.log)") {
                try await runs(name, "unknown") >= before + 2
            }
            let answer = try await daemon.result("checks.run", #"{"name":"\#(name)"}"#)
            let text = String(decoding: answer.source, as: UTF8.self)
            #expect(text.contains("inconclusive.lanes"), "\(text)")
        }

        let doctor = String(decoding: try await daemon.result("doctor").source, as: UTF8.self)
        #expect(doctor.contains("it cannot be looked at: no thread can be started"), "\(doctor)")
        let reload = try await daemon.call("reload")["error"].map {
            String(decoding: $0.source, as: UTF8.self)
        }
        #expect(reload?.contains(Self.sentence) == true, "\(reload ?? "")")

        try Stranger.limit(daemon.pid, processes: 100)
        for name in names {
            let before = try await known(name)
            try await Wait.until("\(name) to run again") { try await known(name) >= before + 2 }
        }
        #expect(daemon.logged("crashed").isEmpty)
        try await daemon.stop()
    }

    @Test("whoever can change the configuration, or put another in its place, is named")
    func strangers() async throws {
        let directory = try TestDirectory()
        let nest = directory.path + "/nest"
        try #require(mkdir(nest, 0o755) == 0)
        let file = try directory.write("nest/c.json", Self.quiet)
        func warnings() async throws -> [String] {
            let answer = try await Wait.apart {
                try Program.output([ShippedDaemon.binary, "--config", file, "--check-config"])
            }
            #expect(answer.ending == .code(0))
            return answer.errors.split(separator: "\n").map(String.init)
        }
        #expect(try await warnings() == [])

        try #require(chmod(file, 0o666) == 0 && chmod(nest, 0o777) == 0)
        let open = try await warnings()
        #expect(
            open == [
                #"warning: every user on this machine can change "\#(file)" (mode 0666). chmod o-w \#(file)"#,
                "warning: every user on this machine can replace \"\(file)\": the directory \"\(nest)\" has mode "
                    + "0777. chmod o-w \(nest)",
            ])
        let daemon = try await ShippedDaemon(Self.quiet, in: directory).serving()
        try #require(chmod(directory.path, 0o777) == 0)
        _ = try await daemon.result("reload")
        try await Wait.until("the remark") { !daemon.logged("configurationWarning").isEmpty }
        #expect(daemon.log.contains("can replace "))
        let doctor = String(decoding: try await daemon.result("doctor").source, as: UTF8.self)
        #expect(doctor.contains("can replace "), "\(doctor)")
        try #require(chmod(directory.path, 0o700) == 0)
        try await daemon.stop()

        guard getuid() == 0 else { return }
        try #require(chmod(file, 0o644) == 0 && chmod(nest, 0o755) == 0)
        try #require(chown(file, 4711, 0) == 0 && chown(nest, 4712, 0) == 0)
        let given = try await warnings()
        #expect(
            given == [
                #"warning: "\#(file)" belongs to uid 4711, who can change it. Give it to root: chown root \#(file)"#,
                #"warning: "\#(nest)" belongs to uid 4712, who can replace "\#(file)". "#
                    + "Give the directory to root: chown root \(nest)",
            ])
    }
}
