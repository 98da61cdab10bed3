// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("The shipped binary, asked instead of started")
struct CommandLineTests {
    private typealias Answer = (ending: Program.Ending, output: String, errors: String)

    private func vitald(_ words: String..., environment: [String: String] = [:]) async throws -> Answer {
        let command = [ShippedDaemon.binary] + words
        return try await Wait.apart { try Program.output(command, environment: environment) }
    }

    @Test("the version is one line, and the end is 0")
    func version() async throws {
        let answer = try await vitald("--version")

        #expect(answer.ending == .code(0))
        #expect(answer.output.wholeMatch(of: /vitald \d+\.\d+\.\d+\n/) != nil)
        #expect(answer.errors == "")
    }

    @Test("help names every flag, every place and every exit code")
    func help() async throws {
        let answer = try await vitald("--help")

        #expect(answer.ending == .code(0))
        for word in [
            "--config", "--check-config", "--print-config", "--http", "--socket", "--proc-root", "--sys-root",
            "--cgroup-root", "--log-level", "--log-format", "--version", "$VITALD_CONFIG", "$VITALD_SOCKET",
            "/etc/vitald/config.json", "/run/vitald/vitald.sock", "$XDG_RUNTIME_DIR", " 0 ", " 75 ", " 78 ",
        ] {
            #expect(answer.output.contains(word), "\(word)")
        }
        #expect(try await vitald("-h").output == answer.output)
    }

    @Test("a wrong flag ends with 78 and says which was meant")
    func wrongFlag() async throws {
        let answer = try await vitald("--sokcet", "/tmp/x")

        #expect(answer.ending == .code(78))
        #expect(answer.errors == "vitald: \"--sokcet\": unknown flag. Did you mean --socket?\n")
        #expect(answer.output == "")
    }

    @Test("a file with ten faults gets ten sentences, each with its line, and the end is 78")
    func tenFaults() async throws {
        let directory = try TestDirectory()
        let file = try directory.write(
            "bad.json",
            """
            {
              "intervall": "10s",
              "name": 5,
              "alerts": {},
              "http": { "listen": ["localhost:9847"] },
              "socket": { "mode": "0999" },
              "defaults": { "interval": "10 parsecs" },
              "checks": [
                { "name": "database", "type": "postgress" },
                { "name": "cache", "type": "redis", "url": "rediss://localhost/0" },
                { "name": "cache", "type": "tcp", "address": "localhost:5672" },
                { "name": "page", "type": "http" }
              ]
            }
            """)

        let answer = try await vitald("--config", file, "--check-config")

        #expect(answer.ending == .code(78))
        #expect(answer.output == "")
        let sentences = answer.errors.split(separator: "\n").map(String.init)
        #expect(sentences.count == 10, "\(answer.errors)")
        for (sentence, line) in zip(sentences, [2, 3, 4, 5, 6, 7, 9, 10, 11, 12]) {
            #expect(sentence.hasPrefix("\(file): line \(line): "))
            #expect(sentence.hasSuffix("."))
        }
        #expect(
            sentences.dropFirst(2).first
                == "\(file): line 4: alerts: `alerts` is not available in this version. Remove it.")
        #expect(
            sentences.dropFirst(8).first
                == "\(file): line 11: checks[2].name: \"cache\" is also the name of the check in line 10. "
                + "Give each check a name of its own.")
    }

    @Test("the daemon refuses the same file with the same sentences and the same end")
    func refusedStart() async throws {
        let daemon = try ShippedDaemon("{\"intervall\": \"10s\",\n\"name\": 5}")

        #expect(try await daemon.program.end() == .code(78))
        let lines = daemon.logged("startFailed")
        #expect(lines.count == 2)
        #expect(lines.first?.contains("line 1: intervall: unknown key.") == true, "\(daemon.log)")
        #expect(TestDirectory.names(in: daemon.directory.path + "/run") == nil, "nothing was opened")
    }

    @Test("a file without faults is fine, and no daemon comes of asking")
    func fine() async throws {
        let directory = try TestDirectory()
        let file = try directory.write(
            "c.json", #"{"checks": [{"name": "root", "type": "filesystem", "path": "/"}]}"#)

        let answer = try await vitald("--config", file, "--check-config")

        #expect(answer.ending == .code(0))
        #expect(answer.output == "\(file): fine, 1 check\n")
        #expect(answer.errors == "")
    }

    @Test("the printed configuration is one that gives itself, whole and for people")
    func roundTrip() async throws {
        let directory = try TestDirectory()
        let first = try directory.write(
            "first.json",
            """
            { "name": "agno", "labels": { "team": "data" },
              "http": { "listen": ["127.0.0.1:0", "[::1]:0"] },
              "checks": [
                { "name": "cache", "type": "redis", "url": "redis://localhost:6379/0", "impact": "degrade" },
                { "name": "api", "type": "http", "url": "http://localhost/health", "dependsOn": ["cache"],
                  "expect": { "status": ["200-299"], "json": { "/a/b": [1, true, null, "x"] } } },
                { "name": "queue", "type": "tcp", "address": "localhost:5672", "tags": ["a", "b"] },
                { "name": "beat", "type": "heartbeat", "ttl": "60s", "bind": "connection" },
                { "name": "all", "type": "container", "select": ["!x*", "*"], "failOnOOM": "5m" }
              ] }
            """)

        let once = try await vitald("--config", first, "--print-config")
        let second = try directory.write("second.json", once.output)
        let twice = try await vitald("--config", second, "--print-config")

        #expect(once.ending == .code(0), "\(once.errors)")
        #expect(twice.ending == .code(0), "\(twice.errors)")
        #expect(twice.output == once.output)
        #expect(once.output.split(separator: "\n").count > 30, "it is indented")
        let root = try JSONDocument(parsing: Array(once.output.utf8)).root
        #expect(root["checks"]?.count == 5)
        #expect(root["defaults"]?["interval"]?.string == "10s")
        #expect(root["checks"]?.elements.first?["timeout"]?.string == "5s")
    }

    @Test("the flag beats the variable, the variable beats the usual place")
    func order() async throws {
        let directory = try TestDirectory()
        let one = try directory.write("one.json", #"{"name": "by-variable"}"#)
        let two = try directory.write("two.json", #"{"name": "by-flag"}"#)
        let variables = ["VITALD_CONFIG": one, "VITALD_SOCKET": "\(directory.path)/v.sock"]

        let byVariable = try await vitald("--print-config", environment: variables)
        let byFlag = try await vitald(
            "--config", two, "--socket", "\(directory.path)/f.sock", "--print-config", environment: variables)

        #expect(byVariable.output.contains("\"by-variable\""))
        #expect(byVariable.output.contains("\"\(directory.path)/v.sock\""))
        #expect(byFlag.output.contains("\"by-flag\""))
        #expect(byFlag.output.contains("\"\(directory.path)/f.sock\""))
    }

    @Test("a file that was named must be there")
    func missing() async throws {
        let answer = try await vitald("--config", "/nonexistent/vitald.json", "--check-config")

        #expect(answer.ending == .code(78))
        #expect(answer.errors.contains("the file does not exist"))
    }

    @Test("an empty file is a working configuration")
    func emptyFile() async throws {
        let directory = try TestDirectory()
        let file = try directory.write("empty.json", "")

        let answer = try await vitald("--config", file, "--print-config")

        #expect(answer.ending == .code(0), "\(answer.errors)")
        #expect(answer.output.contains("\"127.0.0.1:9847\""))
    }
}
