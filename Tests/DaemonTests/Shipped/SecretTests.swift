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
        let directory = try TestDirectory()
        let password = try directory.write("password", words[2] + "\n")
        let header = try directory.write("header", words[7] + "\n")
        // A server that never answers and a port where nobody listens: messages of both kinds.
        let silent = try SilentServer()
        let closed = try SilentServer().port
        let configuration = """
            { "name": "agno", "http": { "listen": ["127.0.0.1:0"] },
              "defaults": { "interval": "1s", "timeout": "400ms", "fall": 1, "warnAfter": 1 },
              "checks": [
                { "name": "in-url", "type": "postgres", "url": "postgresql://v:\(words[0])@127.0.0.1:\(closed)/db" },
                { "name": "keywords", "type": "postgres", "url": "host=127.0.0.1 port=\(silent.port) user=v password=\(words[1]) dbname=x" },
                { "name": "file", "type": "redis", "url": "redis://127.0.0.1:\(silent.port)/0", "passwordFile": "\(password)" },
                { "name": "redis-url", "type": "redis", "url": "redis://:\(words[3])@127.0.0.1:\(closed)/0" },
                { "name": "user", "type": "http", "url": "http://u:\(words[4])@127.0.0.1:\(closed)/health" },
                { "name": "headers", "type": "http", "url": "http://127.0.0.1:\(silent.port)/health?token=\(words[8])",
                  "headers": { "Authorization": "Bearer \(words[5])", "X-Key": "${SHIPPED_KEY}" }, "headerFiles": { "X-File": "\(header)" } }
              ] }
            """
        let environment = ["SHIPPED_KEY": words[6]]
        let daemon = try await ShippedDaemon(
            configuration, arguments: ["--log-level", "trace"], environment: environment, in: directory
        ).serving()
        for name in ["in-url", "keywords", "file", "redis-url", "user", "headers"] {
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
        for (method, parameters) in [
            ("hello", "{}"), ("status", "{}"), ("checks.list", "{}"), ("checks.get", #"{"name":"in-url"}"#),
            ("checks.get", #"{"name":"file"}"#), ("checks.get", #"{"name":"headers"}"#),
            ("checks.get", #"{"name":"user"}"#), ("history", #"{"name":"keywords"}"#),
            ("history", #"{"name":"headers"}"#), ("metrics", "{}"), ("limits", "{}"), ("describe", "{}"),
            ("checks.run", #"{"name":"redis-url"}"#), ("subscribe", #"{"topics":["status","check"]}"#),
            ("reload", "{}"),
        ] {
            let reply = try await daemon.call(method, parameters)
            said.append(("\(method) \(parameters)", String(decoding: reply.source, as: UTF8.self)))
            #expect(reply["error"] == nil, "\(method): \(String(decoding: reply.source, as: UTF8.self))")
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
            for (n, word) in words.enumerated() {
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
