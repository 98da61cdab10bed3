// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("Secrets that people write in the wrong place, and the shipped binary")
struct MisplacedSecretTests {
    private let word = "CANARY-\(UInt64.random(in: 0 ... .max))"

    /// Members of a check, each with a secret where none belongs.
    private var checks: [String] {
        let pem = #"-----BEGIN PRIVATE KEY-----\n\#(word)\n-----END PRIVATE KEY-----\n"#
        return [
            #""type": "postgres", "url": "jdbc:postgresql://h/d?user=u&password=\#(word)""#,
            #""type": "postgres", "url": "password=abc \#(word)=x""#,
            #""type": "postgres", "url": "host=h password=a \#(word)""#,
            #""type": "postgres", "url": "postgresql://u:1/\#(word)@h/d""#,
            #""type": "postgres", "url": "postgresql://\#(word)?x@h/d""#,
            #""type": "redis", "url": "redis://:1/\#(word)?5@h""#,
            #""type": "postgres", "url": "postgresql://h/d?\#(word)=1""#,
            #""type": "postgres", "url": "postgresql://h/d?sslmode=\#(word)""#,
            #""type": "postgres", "url": "\#(word)://h/d""#,
            #""type": "redis", "url": "\#(word)""#, #""type": "redis", "url": "redis://h/0?\#(word)=1""#,
            #""type": "http", "url": "ftp://u:\#(word)@h/""#,
            #""type": "http", "url": "https://u:\#(word)@h:x/""#,
            #""type": "\#(word) \#(word)""#, #""type": "postgresql://u:\#(word)@h/d""#, #""type": "${ALL}""#,
            #""type": "unit", "unit": "postgresql://u:\#(word)@h/d""#, #""type": "unit", "unit": "${ALL}/x""#,
            #""type": "unit", "unit": "password=\#(word)""#,
            #""type": "filesystem", "path": "postgresql://u:\#(word)@h/d""#,
            #""type": "filesystem", "path": "${WORD}""#,
            #""type": "filesystem", "path": "/", "tags": ["https://u:\#(word)@h", "${ALL}", "${WORD}/"]"#,
            #""type": "filesystem", "path": "/", "dependsOn": ["https://u:\#(word)@h"]"#,
            #""type": "filesystem", "path": "/", "interval": "u:\#(word)@h""#,
            #""type": "filesystem", "path": "/", "runbook": "https://wiki.example/?pwd=\#(word)""#,
            #""type": "filesystem", "path": "/", "runbook": "https://wiki.example/#access_token=\#(word)""#,
            #""type": "filesystem", "path": "/", "runbook": "https://u:pa/\#(word)@wiki.example/x""#,
            #""type": "filesystem", "path": "/", "runbook": "https://u:pa#\#(word)@wiki.example/x""#,
            #""type": "filesystem", "path": "/", "runbook": "https://u:p \#(word)@wiki.example/x""#,
            #""type": "filesystem", "path": "/", "Authorization: Bearer \#(word)": 1"#,
            #""type": "tcp", "address": "amqp://u:\#(word)@h:5672""#, #""type": "tcp", "address": "${ALL}""#,
            #""type": "tcp", "address": "${WORD}""#, #""type": "memory", "of": "redis://:\#(word)@h""#,
            #""type": "container", "select": ["password=\#(word)"]"#,
            #""type": "redis", "url": "redis://h", "passwordFile": "\#(word)""#,
            #""type": "redis", "url": "redis://h", "passwordFile": "/\#(word)""#,
            #""type": "redis", "url": "redis://h", "passwordFile": "${WORD}""#,
            #""type": "redis", "url": "redis://h", "passwordCredential": "\#(word)""#,
            #""type": "http", "url": "http://h/", "headers": {"Authorization: Bearer \#(word)": ""}"#,
            #""type": "http", "url": "http://h/", "headers": {"Authorization:\#(word)": 1}"#,
            #""type": "http", "url": "http://h/", "headerFiles": {"Authorization": "Bearer \#(word)"}"#,
            #""type": "http", "url": "http://h/", "headerFiles": {"Authorization": "/\#(word)"}"#,
            #""type": "http", "url": "https://h/", "tls": {"certFile": "\#(pem)", "keyFile": "\#(pem)"}"#,
            #""type": "http", "url": "https://h/", "tls": {"serverName": "u:\#(word)@h"}"#,
            #""type": "http", "url": "http://h/", "expect": {"status": ["\#(word)="], "json": {"a=\#(word)": 1}}"#,
            #""type": "heartbeat", "bind": "u:\#(word)@h""#,
            #""type": "journal", "unit": "agno.service", "pattern": "u:\#(word)@h""#,
            #""type": "filesystem", "path": "/", "impact": "u:\#(word)@h", "\#(word) x": 1, "\#(word) x": 2"#,
        ]
    }

    private var configuration: String {
        let listed = checks.enumerated().map { #"{ "name": "check\#($0)", \#($1) }"# }
        let names = [
            #"{ "name": "postgresql://u:\#(word)@h/d", "type": "memory" }"#,
            #"{ "name": "${ALL}", "type": "memory" }"#, #"{ "name": "${WORD}", "type": "memory" }"#,
        ]
        return """
            { "name": "postgresql://u:\(word)@h/d", "labels": { "dsn": "redis://:\(word)@h", "a=\(word)": "x" },
              "http": { "listen": ["https://u:\(word)@h:1", "u:\(word)@h:1"], "allowedHosts": ["https://u:\(word)@h"],
                        "tls": { "certFile": "\(word)", "keyFile": "/\(word)" },
                        "auth": { "users": { "ann:\(word)": "\(word)" }, "bearerTokenFiles": ["\(word)"] } },
              "socket": { "path": "u:\(word)@h", "mode": "\(word)=", "group": "\(word) x" },
              "instance": { "unit": "https://u:\(word)@h", "cgroup": "u:\(word)@h" },
              "containers": { "include": ["https://u:\(word)@h"] },
              "checks": [ \((listed + names).joined(separator: ",\n")) ] }
            """
    }

    private var environment: [String: String] { ["ALL": "\(word)/x@y z", "WORD": word] }

    private func expectNothing(
        in text: String, _ place: String, _ location: SourceLocation = #_sourceLocation
    ) {
        for line in text.split(separator: "\n") where line.contains(word) {
            Issue.record("\(place): \(line.replacing(word, with: "CANARY"))", sourceLocation: location)
        }
    }

    @Test("--check-config, --print-config and a start that is refused name places and faults, and no secret")
    func refusals() async throws {
        let directory = try TestDirectory()
        let file = try directory.write("config.json", configuration)
        let notify = try NotifySocket()
        let environment = environment.merging(["NOTIFY_SOCKET": notify.path]) { a, _ in a }
        for flag in ["--check-config", "--print-config"] {
            let done = try await Wait.apart {
                try Program.output([ShippedDaemon.binary, "--config", file, flag], environment: environment)
            }
            #expect(done.ending == .code(78))
            // At least one sentence for each check.
            for i in checks.indices { #expect(done.errors.contains("checks[\(i)]"), "\(i): \(done.errors)") }
            expectNothing(in: done.output + done.errors, flag)
        }
        for format in ["json", "text"] {
            let daemon = try ShippedDaemon(
                configuration, arguments: ["--log-format", format, "--log-level", "trace"],
                environment: environment, in: directory, log: "log-\(format)")
            #expect(try await daemon.program.end() == .code(78))
            let log = directory.read("log-\(format)")
            #expect(log.contains("checks[0].url: is a JDBC URL"), "\(log)")
            expectNothing(in: log, "the log of a start (\(format))")
        }
        let status = try await notify.state("STATUS=Configuration invalid: ")
        expectNothing(in: status, "the manager's status")
    }

    @Test("a reload that is refused tells nobody: not its caller, not the log, no page, no command")
    func reload() async throws {
        let daemon = try await ShippedDaemon(
            #"{ "http": { "listen": [] }, "checks": [] }"#, arguments: ["--log-level", "trace"],
            environment: environment
        ).serving()

        try daemon.reconfigure(configuration)
        try await Wait.until("the refusal") { !daemon.logged("reloadFailed").isEmpty }
        let reply = try await daemon.call("reload")
        expectNothing(in: String(decoding: reply.source, as: UTF8.self), "the answer to reload")
        #expect(String(decoding: reply.source, as: UTF8.self).contains("is a JDBC URL"))
        for words in [["reload"], ["status"], ["doctor"], ["checks"], ["--json", "status"]] {
            let command = [ShippedDaemon.client, "--socket", daemon.socket] + words
            let done = try await Wait.apart { try Program.output(command) }
            expectNothing(in: done.output + done.errors, "vitalctl \(words)")
        }
        for page in ["/", "/metrics", "/health", "/healthz?verbose"] {
            expectNothing(in: try await daemon.get(page).body, page)
        }
        try await daemon.stop()
        expectNothing(in: daemon.log, "the log")
    }

    @Test("a command line with a secret in the wrong place is refused without it")
    func commandLine() async throws {
        let secret = "postgresql://u:\(word)@h/d"
        for arguments in [
            [secret], ["--config=\(secret)", "--check-config"], ["--http", secret],
            ["--http", "u:\(word)@h:1"],
            ["--log-level", secret], ["--proc-root", secret], ["--instance", secret], ["--\(word) x"],
            ["--config", secret], ["--config", word, "--check-config"], ["--config", word],
            ["--config", "/\(word)"],
            ["--config", "none/\(word)"],
        ] {
            let done = try await Wait.apart {
                try Program.output([ShippedDaemon.binary, "--log-format", "text"] + arguments)
            }
            #expect(done.ending == .code(78), "\(arguments)")
            expectNothing(in: done.output + done.errors, "\(arguments)")
        }
    }

    @Test("what start and run time would refuse is refused by --check-config, each with its place")
    func checkConfiguration() async throws {
        let directory = try TestDirectory()
        let refused = [
            (
                #""type": "http", "url": "https://h/", "tls": {"caFile": "ca.pem"}"#,
                "tls.caFile: is not an absolute path"
            ),
            (
                #""type": "redis", "url": "redis://h", "passwordFile": "password""#,
                "passwordFile: is not an absolute path"
            ),
            (
                #""type": "http", "url": "https://h/", "tls": {"serverName": "h:443"}"#,
                "serverName: \"h:443\" is not a host name"
            ),
            (
                #""type": "http", "url": "https://h/", "expect": {"bodyMatches": "v\\d"}"#,
                "bodyMatches: has \\d"
            ),
            (#""type": "journal", "unit": "a.service", "regex": "(?i)error""#, "regex: has a group with (?"),
            (
                #""type": "postgres", "url": "postgresql://h/d?sslmode=bogus""#,
                "url: `sslmode` has a value that libpq refuses"
            ),
            (
                #""type": "postgres", "url": "host=h connect_timeout=abc""#,
                "url: `connect_timeout` is not a whole number"
            ),
            (#""type": "postgres", "url": "host=h sslmode=verify-full""#, "`sslrootcert` is missing"),
            (
                #""type": "postgres", "url": "host=h load_balance_hosts=random""#,
                "url: word 2 is not supported"
            ),
            (
                #""type": "postgres", "url": "host=/\#(String(repeating: "d", count: 100)) user=u""#,
                "url: the path of the server's socket is longer than 107 bytes"
            ),
            (
                #""type": "redis", "url": "unix:///\#(String(repeating: "d", count: 110))""#,
                "url: names a socket whose path is longer than 107 bytes"
            ),
            (#""type": "http", "url": " https://h/""#, "url: begins or ends with a blank"),
            (#""type": "redis", "url": "redis://h/0 ""#, "url: begins or ends with a blank"),
            (#""type": "unit", "unit": "agno.service ""#, "unit: begins or ends with a blank"),
            (#""type": "unit", "unit": "my agent""#, "unit: the value is not the name of a unit"),
        ]
        let checks = refused.enumerated().map { #"{ "name": "c\#($0)", \#($1.0) }"# }.joined(separator: ",\n")
        let file = try directory.write(
            "config.json",
            #"{ "http": { "listen": ["0.0.0.0:1", "127.0.0.1:1"], "allowInsecure": true }, "checks": [\#(checks)] }"#
        )
        let done = try await Wait.apart {
            try Program.output([ShippedDaemon.binary, "--config", file, "--check-config"])
        }

        #expect(done.ending == .code(78))
        #expect(done.errors.contains("http.listen: 127.0.0.1:1 and 0.0.0.0:1 cannot both be served"))
        for (i, (_, sentence)) in refused.enumerated() {
            let line = done.errors.split(separator: "\n").first { $0.contains("checks[\(i)]") } ?? ""
            #expect(line.contains(sentence), "\(i): \(line)")
        }
    }
}
