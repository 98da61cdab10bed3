// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import vitald

@Suite("The shipped binary over TLS and with logins")
struct AccessTests {
    private static let certificates = Result {
        let made = try Certificates()
        try made.sign("server", for: "DNS:localhost, IP:127.0.0.1")
        try made.sign("next", for: "DNS:localhost, IP:127.0.0.1")
        try made.sign("prometheus", for: "DNS:prometheus.example")
        try made.sign("other", for: "DNS:other.example")
        return made
    }
    private static let strangers = Result {
        let made = try Certificates()
        try made.sign("prometheus", for: "DNS:prometheus.example")
        return made
    }
    private static let password = "CANARY-5f0c9f6e-password"
    private static let token = "CANARY-d1c37fd0-token"
    private static let hash = "$2b$06$4Mo4.L9odBD1SR14U0/wrew9.3ZR6yCI7wTyog8J8q87.TbtpAMcO"
    /// Of another password, and a second's work.
    private static let costly = "$2b$14$pkyuzCbcyo5NsCJt88OBA.mrM6GS9e7DHcq93pvPOY8WFbMda46me"

    private let directory: TestDirectory

    init() throws {
        directory = try TestDirectory()
        let made = try Self.certificates.get()
        for ending in ["crt", "key"] { try copy(made.path("server.\(ending)"), "server.\(ending)") }
        try directory.write("token", Self.token + "\n")
    }

    /// Replaces a file as a renewal does: all at once.
    private func copy(_ from: String, _ name: String) throws {
        try directory.write(name + ".new", try #require(TestDirectory.read(from)))
        try #require(rename("\(directory.path)/\(name).new", "\(directory.path)/\(name)") == 0)
    }

    private var authority: String { get throws { try Self.certificates.get().path("ca.crt") } }
    private var tls: String {
        #""certFile": "\#(directory.path)/server.crt", "keyFile": "\#(directory.path)/server.key""#
    }

    private func configuration(_ http: String) -> String {
        #"{ "http": { "listen": ["127.0.0.1:0"], \#(http) }, "checks": [] }"#
    }

    private var loginsOverTLS: String {
        configuration(
            #""tls": { \#(tls) }, "auth": { "users": { "prom": "\#(Self.hash)" }, "bearerTokenFiles": ["\#(directory.path)/token"] }"#
        )
    }

    private func dropped(_ daemon: ShippedDaemon, _ what: String, _ reason: String) async throws -> Double? {
        try await daemon.get("/metrics").sample(#"vitald_dropped_total{what="\#(what)",reason="\#(reason)"}"#)
    }

    @Test("every page wants a login and gets it over TLS alone; nothing of it is told anywhere")
    func logins() async throws {
        let daemon = try await ShippedDaemon(
            loginsOverTLS, arguments: ["--log-level", "trace"], in: directory
        ).serving()
        let (port, authority) = (try daemon.port(), try authority)
        let url = "https://localhost:\(port)"

        for path in ["/metrics", "/livez", "/", "/nowhere"] {
            let answer = try await Curl.get(url + path, "--cacert", authority)
            #expect(answer.status == 401, "\(path)")
            #expect(answer.text.contains(#"WWW-Authenticate: Basic realm="vitald""#))
            #expect(answer.text.contains(#"WWW-Authenticate: Bearer realm="vitald""#))
        }
        let login = "prom:\(Self.password)"
        let bearer = "Authorization: Bearer \(Self.token)"
        #expect(try await Curl.get(url + "/metrics", "--cacert", authority, "-u", login).status == 200)
        #expect(try await Curl.get(url + "/nowhere", "--cacert", authority, "-u", login).status == 404)
        #expect(try await Curl.get(url + "/livez", "--cacert", authority, "-I", "-u", login).status == 200)
        #expect(try await Curl.get(url + "/metrics", "--cacert", authority, "-H", bearer).status == 200)
        #expect(try await Curl.get(url + "/", "--cacert", authority, "-u", login + "x").status == 401)
        #expect(try await Curl.get(url + "/", "--cacert", authority, "-H", bearer + "x").status == 401)

        // The wrong authority, an old version, no TLS at all.
        let stranger = try Self.strangers.get().path("ca.crt")
        #expect(try await Curl.get(url + "/", "--cacert", stranger, "-u", login).code == .code(60))
        let old = try await Curl.get(
            url + "/", "--cacert", authority, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "-u",
            login)
        #expect(old.code == .code(35), "\(old.text)")
        #expect(try await Curl.get("http://localhost:\(port)/", "-u", login).status == 0)

        // The Unix socket asks for nothing, and counts what was refused.
        let page = try await daemon.get("/metrics")
        #expect(page.status == 200)
        #expect(page.sample(#"vitald_dropped_total{what="http_request",reason="no_credentials"}"#) == 4)
        #expect(page.sample(#"vitald_dropped_total{what="http_request",reason="credentials"}"#) == 2)
        #expect(page.sample(#"vitald_http_requests_total{route="other",code="401"}"#) == 6)

        let file = directory.path + "/config.json"
        let printed = try await Wait.apart {
            try Program.output([ShippedDaemon.binary, "--config", file, "--print-config"])
        }
        #expect(printed.ending == .code(0))
        try await daemon.stop()
        for said in [daemon.log, printed.output + printed.errors, page.body] {
            #expect(!said.isEmpty)
            for secret in [Self.password, Self.token, String(Self.hash.suffix(53))] {
                #expect(!said.contains(secret))
            }
        }
    }

    @Test("clients without a certificate of the authority are refused in the handshake, other names with 403")
    func clientCertificates() async throws {
        let (made, strangers) = (try Self.certificates.get(), try Self.strangers.get())
        let daemon = try await ShippedDaemon(
            configuration(
                #""tls": { \#(tls), "clientCAFile": "\#(made.path("ca.crt"))", "clientAllowedNames": ["prometheus.example"] }"#
            ),
            in: directory
        ).serving()
        let (url, authority) = ("https://localhost:\(try daemon.port())/livez", try authority)
        func ask(_ from: Certificates, _ name: String) async throws -> Curl {
            try await Curl.get(
                url, "--cacert", authority, "--cert", from.path("\(name).crt"), "--key",
                from.path("\(name).key"))
        }

        #expect(try await ask(made, "prometheus").status == 200)
        #expect(try await ask(made, "other").status == 403)
        #expect(try await ask(strangers, "prometheus").status == 0)
        #expect(try await Curl.get(url, "--cacert", authority).status == 0)
        let old = try await Curl.get(url, "--cacert", authority, "--tls-max", "1.2")
        #expect(old.status == 0)
        #expect(try await dropped(daemon, "http_request", "client_name") == 1)
        #expect(try await dropped(daemon, "http_connection", "tls") == 3)
        let said = daemon.logged("handshakeFailed")
        #expect(said.count == 1, "once a minute")
        #expect(said.first?.contains("no TLS handshake with 127.0.0.1: ") == true, "\(said)")
        try await daemon.stop()
    }

    /// Shakes hands for some seconds, on several threads where it does not trust the server; prints how often that failed.
    private static let shaker = """
        import socket, ssl, sys, threading, time
        port, seconds, authority = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
        context = ssl.create_default_context(cafile=authority or None)
        end, counts, lock = time.time() + seconds, [0, 0], threading.Lock()
        def shake():
            while time.time() < end:
                try:
                    with socket.create_connection(("127.0.0.1", port), 20) as plain:
                        with context.wrap_socket(plain, server_hostname="localhost") as s:
                            s.sendall(b"GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
                            good = b" 200 " in s.recv(4096)
                except OSError as error:
                    good = False
                with lock: counts[good] += 1
        threads = [threading.Thread(target=shake) for _ in range(1 if authority else 6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print("failed", counts[0], "worked", counts[1], flush=True)
        """

    @Test("a client of this machine whose handshakes all fail cuts none of the others' good ones")
    func failingHandshakes() async throws {
        let daemon = try await ShippedDaemon(configuration(#""tls": { \#(tls) }"#), in: directory).serving()
        let port = String(try daemon.port())
        func shaker(_ seconds: Int, _ authority: String, _ output: String) throws -> Program {
            let output = "\(directory.path)/\(output)"
            return try Program(
                [Tool.python, "-c", Self.shaker, port, "\(seconds)", authority], output: output,
                errors: output)
        }

        let bad = try shaker(8, "", "bad")
        // Far more than what is let through without waiting.
        try await Wait.until("many failures") {
            try await dropped(daemon, "http_connection", "tls") ?? 0 > 900 || bad.hasEnded != nil
        }
        let good = try shaker(3, try authority, "good")
        #expect(try await good.end() == .code(0))
        #expect(try await bad.end() == .code(0))

        let result = directory.read("good")
        #expect(result.hasPrefix("failed 0 worked ") && !result.hasSuffix(" 0\n"), "\(result)")
        #expect(try await dropped(daemon, "http_connection", "rate") == 0)
        let cut = try await dropped(daemon, "http_connection", "tls") ?? 0
        #expect(cut > 500, "it was more than the burst: \(directory.read("bad"))")
        try await daemon.stop()
    }

    @Test(
        "Prometheus scrapes with a password, a token and a certificate, and is refused without them",
        .enabled(if: Program.has("prometheus"), "it takes Prometheus (apt install prometheus)"))
    func prometheus() async throws {
        let made = try Self.certificates.get()
        let second = try TestDirectory()
        let logins = try await ShippedDaemon(loginsOverTLS, in: directory).serving()
        let certificates = try await ShippedDaemon(
            configuration(
                #""tls": { \#(tls), "clientCAFile": "\#(made.path("ca.crt"))", "clientAllowedNames": ["prometheus.example"] }"#
            ),
            in: second
        ).serving()
        let passwordFile = try directory.write("password", Self.password)
        func job(_ name: String, _ daemon: ShippedDaemon, ca: String, tls: String = "", _ more: String = "")
            throws -> String
        {
            """
              - job_name: \(name)
                scheme: https
                tls_config: { ca_file: "\(ca)", server_name: localhost\(tls) }
                static_configs: [ { targets: ["127.0.0.1:\(try daemon.port())"] } ]
                \(more)

            """
        }
        let ca = try authority
        let bearer = #"authorization: { type: Bearer, credentials_file: "\#(directory.path)/token" }"#
        let basic = #"basic_auth: { username: prom, password_file: "\#(passwordFile)" }"#
        func own(_ name: String) -> String {
            #", cert_file: "\#(made.path("\(name).crt"))", key_file: "\#(made.path("\(name).key"))""#
        }
        let jobs = try [
            job("basic", logins, ca: ca, basic), job("bearer", logins, ca: ca, bearer),
            job("certificate", certificates, ca: ca, tls: own("prometheus")),
            job("no-login", logins, ca: ca),
            job("wrong-password", logins, ca: ca, "basic_auth: { username: prom, password: wrong }"),
            job("wrong-token", logins, ca: ca, "authorization: { type: Bearer, credentials: wrong }"),
            job("wrong-authority", logins, ca: Self.strangers.get().path("ca.crt"), bearer),
            job("no-certificate", certificates, ca: ca),
            job("wrong-name", certificates, ca: ca, tls: own("other")),
        ]
        let server = try await LocalPrometheus(jobs.joined())

        try await Wait.until("all nine jobs to be tried; \(server.directory.read("prometheus.log"))") {
            try await server.results(of: "up")?.count == jobs.count
        }
        try await Wait.until("those that may to be up; \((try? await server.lastErrors()) ?? [:])") {
            let up = try await server.results(of: "up==1") ?? []
            return Set(up.compactMap { $0["metric"]?["job"]?.string }) == ["basic", "bearer", "certificate"]
        }
        // Each of the others once more, since then.
        let errors = try await server.lastErrors()
        for job in ["basic", "bearer", "certificate"] { #expect(errors[job] == "") }
        for job in ["no-login", "wrong-password", "wrong-token"] {
            #expect(errors[job]?.contains("401") == true || errors[job]?.contains("429") == true, "\(errors)")
        }
        #expect(errors["wrong-authority"]?.contains("unknown authority") == true, "\(errors)")
        #expect(errors["no-certificate"]?.contains("certificate required") == true, "\(errors)")
        #expect(errors["wrong-name"]?.contains("403") == true, "\(errors)")

        try await server.stop()
        try await logins.stop()
        try await certificates.stop()
    }

    @Test(
        "a renewed certificate is served without a word, and half of one leaves the old in force with one warning"
    )
    func renewed() async throws {
        let made = try Self.certificates.get()
        let daemon = try await ShippedDaemon(loginsOverTLS, in: directory).serving()
        let (url, authority) = ("https://localhost:\(try daemon.port())/livez", try authority)
        let bearer = "Authorization: Bearer \(Self.token)"
        func subject() async throws -> String? {
            let answer = try await Curl.get(url, "-v", "--cacert", authority, "-H", bearer)
            #expect(answer.status == 200, "\(answer.text)")
            return answer.text.firstMatch(of: /subject: CN ?= ?(\w+)/).map { String($0.1) }
        }
        #expect(try await subject() == "server")

        try copy(made.path("next.crt"), "server.crt")
        try await Wait.until("the warning") { !daemon.logged("accessRenewed").isEmpty }
        #expect(daemon.logged("accessRenewed").first?.contains("is not the key of") == true)
        #expect(try await subject() == "server")

        try copy(made.path("next.key"), "server.key")
        try await Wait.until("the renewal") { daemon.logged("accessRenewed").count == 2 }
        #expect(try await subject() == "next")

        // A token that is replaced, and a reload that does not wait for the next look.
        try directory.write("token", "another-token")
        daemon.program.signal(SIGHUP)
        try await Wait.until("the reload") { daemon.logged("reloaded").count == 1 }
        #expect(try await Curl.get(url, "--cacert", authority, "-H", bearer).status == 401)
        #expect(
            try await Curl.get(url, "--cacert", authority, "-H", "Authorization: Bearer another-token").status
                == 200)
        #expect(daemon.logged("accessRenewed").count == 2)
        try await daemon.stop()
    }

    @Test("guesses that take seconds hold up neither each other's refusal nor scrapes that are known")
    func flood() async throws {
        let daemon = try await ShippedDaemon(
            configuration(
                #""auth": { "users": { "slow": "\#(Self.costly)" }, "bearerTokenFiles": ["\#(directory.path)/token"] }"#
            ),
            in: directory
        ).serving()
        let place = Wire.Place.port(try daemon.port())
        // Base 64 of "slow:guess0" to "slow:guess9".
        let guesses = try "AEIMQUYcgk".map { digit in
            let wire = try Wire(place)
            try wire.send(Wire.request("/livez", ["Authorization: Basic c2xvdzpndWVzcz\(digit)="]))
            return wire
        }
        func count(_ page: WebPage, _ reason: String) -> Double {
            page.sample(#"vitald_dropped_total{what="http_request",reason="\#(reason)"}"#) ?? 0
        }
        try await Wait.until("guesses to be turned away for want of room") {
            count(try await daemon.get("/metrics"), "login_queue") >= 1
        }

        let scrape = try await Wait.apart {
            try Wire.get(place, "/metrics", ["Authorization: Bearer \(Self.token)"])
        }

        #expect(scrape.status == 200)
        let page = try await daemon.get("/metrics")
        #expect(
            count(page, "login_queue") + count(page, "credentials") < 10,
            "the scrape was answered while guesses were still compared")
        try await Wait.until("all guesses to be refused") {
            let page = try await daemon.get("/metrics")
            return count(page, "login_queue") + count(page, "credentials") == 10
        }
        #expect(guesses.count == 10)
        try await daemon.stop()
    }

    @Test(
        "what other machines may ask is bounded, and a reload does not open what they reach",
        .enabled(if: OtherMachine.isPossible, "it takes root, ip (apt install iproute2), unshare and nsenter")
    )
    func otherMachines() async throws {
        let machine = OtherMachine()
        let login = #""auth": { "users": { "prom": "\#(Self.hash)" } }"#
        let limits = #""limits": { "requestsPerSecond": 1, "burst": 5, "connectionsPerPeer": 20 }"#
        let open =
            #"{ "http": { "listen": ["\#(machine.address):1"], \#(limits), "tls": { \#(tls) }, \#(login) }, "checks": [] }"#
        let daemon = try await ShippedDaemon(open, prefix: machine.prefix, in: directory).serving()
        let authority = try Self.certificates.get().path("ca.crt")
        @Sendable func ask(_ words: String...) async throws -> Curl {
            try await machine.curl(
                daemon,
                ["--cacert", authority, "--resolve", "localhost:1:\(machine.address)"] + words + [
                    "https://localhost:1/livez"
                ])
        }

        #expect(try await ask("-u", "prom:\(Self.password)").status == 200)
        let began = ContinuousClock.now
        #expect(try await ask().status == 401)
        // In plain text it costs a handshake, and is no way in.
        let url = "http://\(machine.address):1/livez"
        #expect(try await machine.curl(daemon, [url]).status == 0)
        // Beyond five handshakes that no good request follows, one by one they wait for their turns, one a second.
        for _ in 3...8 {
            let status = try await ask().status
            #expect(status == 401 || status == 429, "\(status)")
        }
        #expect(ContinuousClock.now - began >= .seconds(3))
        // Many at once would wait longer than anybody does, and are refused.
        try await Wait.until("a refused connection") {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { _ = try await ask() } }
                try await group.waitForAll()
            }
            let page = try await daemon.get("/metrics")
            return page.sample(#"vitald_dropped_total{what="http_connection",reason="rate"}"#) ?? 0 > 0
        }

        // Without logins the listener of other machines keeps its old rules until the next start.
        try daemon.reconfigure(#"{ "http": { "listen": ["127.0.0.1:0"] }, "checks": [] }"#)
        try await Wait.until("the reload") { !daemon.logged("reloaded").isEmpty }
        #expect(daemon.log.contains("The old rules stay until the next start"))
        try await Wait.until("an answer") { try await ask().status == 401 }
        // Said in so many words, it is opened.
        try daemon.reconfigure(
            #"{ "http": { "listen": ["127.0.0.1:0"], "allowInsecure": true }, "checks": [] }"#)
        try await Wait.until("the reload") { daemon.logged("reloaded").count == 2 }
        let plain = try await machine.curl(daemon, [url])
        #expect(plain.status == 200)
        try await daemon.stop()
    }

    @Test("over TCP a page under another machine's name is refused, and on the Unix socket it is not")
    func rebinding() async throws {
        let daemon = try await ShippedDaemon(
            configuration(#""allowedHosts": ["vitald.example"]"#), in: directory
        )
        .serving()
        let place = Wire.Place.port(try daemon.port())
        func ask(_ place: Wire.Place, _ host: String) async throws -> Int {
            try await Wait.apart {
                let wire = try Wire(place)
                try wire.send("GET /livez HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                return try WebPage(wire.readAll()).status
            }
        }

        for host in ["localhost", "127.0.0.1:9847", "[::1]", "vitald.example:9847"] + HostName.own() {
            #expect(try await ask(place, host) == 200, "\(host)")
        }
        #expect(try await ask(place, "evil.example") == 403)
        #expect(try await ask(daemon.web, "evil.example") == 200)
        #expect(try await dropped(daemon, "http_request", "host") == 1)
        try await daemon.stop()
    }

    @Test(
        "an address that others reach ends the start with 78 and the remedy, unless it is said in so many words"
    )
    func refuses() async throws {
        let daemon = try ShippedDaemon(
            #"{ "checks": [] }"#, arguments: ["--http", "0.0.0.0:0"], in: directory)
        #expect(try await daemon.program.end() == .code(78))
        #expect(
            daemon.log.contains(
                "--http: 0.0.0.0:0 is open to other machines, without TLS and without a login. Set http.tls and http.auth"
            ), "\(daemon.log)")

        let file = try directory.write(
            "open.json", #"{ "http": { "listen": ["0.0.0.0:1"], "allowInsecure": true }, "checks": [] }"#)
        let checked = try await Wait.apart {
            try Program.output([ShippedDaemon.binary, "--config", file, "--check-config"])
        }
        #expect(checked.ending == .code(0))
        #expect(
            checked.errors
                == "warning: http.allowInsecure: 0.0.0.0:1 is open to other machines, without TLS and without a login.\n"
        )
    }
}
