// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("Secrets that the shipped binary is told")
struct SecretTests {
    @Test("no secret is in any output: log, pages, socket, printed configuration, command line")
    func canaries() async throws {
        let canary = { (n: Int) in "CANARY-\(UInt64.random(in: 0 ... .max))-\(n)" }
        let words = (0..<9).map(canary)
        // Where services put their tokens: parameters under many names, webhooks' paths, options, fragments.
        let parts = (0..<16).map { canary($0 + 100) }
        let directory = try TestDirectory()
        let password = try directory.write("password", words[2] + "\n")
        let header = try directory.write("header", words[7] + "\n")
        // A server that never answers and a port where nobody listens: messages of both kinds.
        let silent = try SilentServer()
        let closed = try SilentServer().port
        let web = "http://127.0.0.1:\(silent.port)"
        let urls = [
            "\(web)/?pwd=\(parts[0])&pass=\(parts[1])&jwt=\(parts[2])&code=\(parts[3])&accessToken=\(parts[4])",
            "\(web)/?X-Amz-Signature=\(parts[5])&t%6Fken=\(parts[6])", "\(web)/services/\(parts[7])/x",
            "\(web)/?\(parts[8])", "\(web)/#\(parts[9])", "http://${PW}:${PW}@127.0.0.1:\(closed)/",
            "\(web)/${PW}", "http://\(parts[15])@127.0.0.1:\(closed)/",
        ].enumerated().map { #"{ "name": "web\#($0)", "type": "http", "url": "\#($1)" }"# }
        let databases = [
            "postgresql://v@127.0.0.1:\(closed)/db?options=-c%20a.b=\(parts[10])&application_name=\(parts[11])",
            "postgresql://v:${PW}@127.0.0.1:\(closed)/db",
            "postgresql://\(parts[12]):${PW}@127.0.0.1:\(silent.port)/db",
            "host=127.0.0.1 port=\(closed) user=v password=${PW} options='-c a.b=\(parts[13])'",
        ].enumerated().map { #"{ "name": "database\#($0)", "type": "postgres", "url": "\#($1)" }"# }
        let configuration = """
            { "name": "agno", "http": { "listen": ["127.0.0.1:0"] },
              "defaults": { "interval": "1s", "timeout": "400ms", "fall": 1, "warnAfter": 1 },
              "checks": [
                { "name": "in-url", "type": "postgres", "url": "postgresql://v:\(words[0])@127.0.0.1:\(closed)/db" },
                { "name": "keywords", "type": "postgres", "url": "host=127.0.0.1 port=\(silent.port) user=v password=\(words[1]) dbname=x" },
                { "name": "file", "type": "redis", "url": "redis://127.0.0.1:\(silent.port)/0", "passwordFile": "\(password)" },
                { "name": "redis-url", "type": "redis", "url": "redis://:\(words[3])@127.0.0.1:\(closed)/0" },
                { "name": "redis-reference", "type": "redis", "url": "redis://:${PW}@127.0.0.1:\(closed)/0" },
                { "name": "user", "type": "http", "url": "http://u:\(words[4])@127.0.0.1:\(closed)/health" },
                { "name": "headers", "type": "http", "url": "\(web)/health?token=\(words[8])",
                  "headers": { "Authorization": "Bearer \(words[5])", "X-Key": "${SHIPPED_KEY}" }, "headerFiles": { "X-File": "\(header)" } },
                { "name": "described", "type": "tcp", "address": "127.0.0.1:\(closed)",
                  "description": "posts to https://hooks.example.com/services/\(parts[14])" },
                \((urls + databases).joined(separator: ",\n"))
              ] }
            """
        // What would end a password in a URL that is put together as text.
        let reference = "a/b@c?d#\(canary(200))"
        let environment = ["SHIPPED_KEY": words[6], "PW": reference]
        let daemon = try await ShippedDaemon(
            configuration, arguments: ["--log-level", "trace"], environment: environment, in: directory
        ).serving()
        let names =
            ["in-url", "keywords", "file", "redis-url", "redis-reference", "user", "headers", "described"]
            + urls.indices.map { "web\($0)" } + databases.indices.map { "database\($0)" }
        for name in names {
            try await Wait.until("\(name) to fail") {
                try await daemon.check(name)["outcome"]?.string == "fail"
            }
        }

        var said: [(place: String, text: String)] = []
        for target in [
            "/", "/metrics", "/health", "/health/data-detailed", "/healthz?verbose", "/readyz", "/nowhere",
        ] {
            said.append((target, try await daemon.get(target).body))
        }
        let open = try await daemon.get("/metrics", ["Accept: application/openmetrics-text; version=1.0.0"])
        said.append(("openmetrics", open.body))
        var calls: [(method: String, parameters: String)] = [
            ("checks.run", #"{"name":"redis-url"}"#), ("checks.run", #"{"name":"database1"}"#),
            ("subscribe", #"{"topics":["status","check"]}"#),
        ]
        for method in [
            "hello", "status", "checks.list", "metrics", "limits", "describe", "doctor", "reload",
        ] { calls.append((method, "{}")) }
        for name in names {
            calls.append(("checks.get", #"{"name":"\#(name)"}"#))
            calls.append(("history", #"{"name":"\#(name)"}"#))
        }
        for (method, parameters) in calls {
            let reply = try await daemon.call(method, parameters)
            said.append(("\(method) \(parameters)", String(decoding: reply.source, as: UTF8.self)))
            #expect(reply["error"] == nil, "\(method): \(String(decoding: reply.source, as: UTF8.self))")
        }
        for words in [
            ["status"], ["checks"], ["checks", "database1"], ["run", "web5"], ["describe"], ["doctor"],
        ] {
            let command = [ShippedDaemon.client, "--socket", daemon.socket] + words
            let done = try await Wait.apart { try Program.output(command) }
            said.append(("vitalctl \(words)", done.output + done.errors))
        }
        // Of an address the place alone is shown.
        for (name, target) in [
            ("web5", "http://127.0.0.1:\(closed)"), ("web6", web), ("database1", "127.0.0.1:\(closed)/db"),
            ("redis-reference", "127.0.0.1:\(closed)/0"),
        ] {
            #expect(try await daemon.check(name)["target"]?.string == target)
        }
        let file = directory.path + "/config.json"
        let printed = try await Wait.apart {
            try Program.output(
                [ShippedDaemon.binary, "--config", file, "--print-config"], environment: environment)
        }
        #expect(printed.ending == .code(0))
        #expect(printed.output.contains("***"))
        said.append(("--print-config", printed.output + printed.errors))
        let checked = try await Wait.apart {
            try Program.output(
                [ShippedDaemon.binary, "--config", file, "--check-config"], environment: environment)
        }
        said.append(("--check-config", checked.output + checked.errors))
        said.append(("command line", TestDirectory.read("/proc/\(daemon.pid)/cmdline") ?? ""))

        // A refused configuration is quoted in its faults; secrets are not.
        try daemon.reconfigure(
            configuration.replacing("\"400ms\"", with: "\"400 parsecs\"").replacing(
                "/db\"", with: "/db?nonsense=1\""))
        try await Wait.until("the refusal") { !daemon.logged("reloadFailed").isEmpty }
        let refusal = try await daemon.call("reload")
        said.append(("refused reload", String(decoding: refusal.source, as: UTF8.self)))
        try await daemon.stop()
        said.append(("log", daemon.log))

        #expect(daemon.log.contains("configurationWarning"), "passwords in URLs are warned of")
        for (place, text) in said {
            #expect(!text.isEmpty, "\(place)")
            for (n, word) in (words + parts + [reference, String(reference.dropFirst(8))]).enumerated() {
                for form in [word, Self.base64(word), Self.percented(word)] {
                    #expect(!text.contains(form), "secret \(n) in \(place): \(Self.around(form, text))")
                }
            }
        }
    }

    @Test("a password file that others may read refuses the start and is not quoted")
    func openFile() async throws {
        let directory = try TestDirectory()
        let word = "CANARY-\(UInt64.random(in: 0 ... .max))"
        let password = try directory.write("password", word)
        try #require(chmod(password, 0o644) == 0)
        let daemon = try ShippedDaemon(
            #"{ "checks": [ { "name": "cache", "type": "redis", "url": "redis://localhost/0", "passwordFile": "\#(password)" } ] }"#,
            in: directory)

        #expect(try await daemon.program.end() == .code(78))
        #expect(daemon.log.contains("is open to everybody (mode 0644)"), "\(daemon.log)")
        #expect(!daemon.log.contains(word))
    }

    private static func around(_ form: String, _ text: String) -> String {
        guard let range = text.firstRange(of: form) else { return "" }
        return String(text[..<range.lowerBound].suffix(60)) + "…"
    }

    private static func percented(_ text: String) -> String { text.replacing("-", with: "%2D") }

    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        // Whole groups of three only: the end depends on what follows.
        var out = ""
        for i in stride(from: 0, to: bytes.count / 3 * 3, by: 3) {
            let group = Int(bytes[i]) << 16 | Int(bytes[i + 1]) << 8 | Int(bytes[i + 2])
            for shift in [18, 12, 6, 0] { out.append(alphabet[group >> shift & 63]) }
        }
        return out
    }
}
