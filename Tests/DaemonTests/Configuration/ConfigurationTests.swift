// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling
@testable import vitald

@Suite("The configuration as a whole")
struct ConfigurationTests {
    @Test(
        "no file, an empty one, blanks and {} are the built-in default",
        arguments: [nil, "", " \n\t\r\n", "{}"])
    func builtIn(_ text: String?) throws {
        let configuration = try Museum.read(text.map { Array($0.utf8) })

        #expect(configuration.name == "vitald")
        #expect(configuration.labels.isEmpty)
        #expect(configuration.http.listen.map(\.description) == ["127.0.0.1:9847", "[::1]:9847"])
        #expect(configuration.http.isDefault)
        #expect(
            configuration.socket == .init(path: "/run/vitald/vitald.sock", mode: 0o660, group: "vitald"))
        #expect(configuration.host.enabled)
        #expect(
            configuration.containers
                == .init(
                    include: ["*"], exclude: [], systemdUnits: ["*.service"], limit: 1000,
                    seriesLimit: 100_000))
        #expect(configuration.checks.map(\.definition.name) == ["file_system", "capacity"])
        #expect(configuration.checks.map(\.definition.type) == ["filesystem", "memory"])
        #expect(configuration.warnings.isEmpty)
        for check in configuration.checks {
            let definition = check.definition
            #expect(definition.enabled && definition.impact == .critical)
            #expect(definition.interval == .seconds(10) && definition.timeout == .seconds(5))
            #expect(definition.fall == 3 && definition.warnAfter == 3 && definition.rise == 2)
            #expect(definition.startPeriod == .zero && definition.startInterval == .seconds(1))
            #expect(
                definition.staleAfter == 3 && !definition.fingerprint.isEmpty && !definition.target.isEmpty)
        }
    }

    @Test("beside one agent only its cgroup is measured, no port is taken, and it is watched without a word")
    func besideAnAgent() throws {
        let name = try InstanceName(#"agno\x2dapi"#)
        let configuration = try Museum.read(nil, overrides: .init(instance: name))
        let options = configuration.kernelOptions
        func shows(_ id: String, unit: String, isContainer: Bool = false) -> Bool {
            var identity = ContainerIdentity(id: id)
            identity.unit = unit
            return options.shows(identity, isContainer: isContainer, own: nil)
        }

        #expect(configuration.name == #"agno\x2dapi"#)
        #expect(configuration.http.listen.isEmpty && !configuration.host.enabled)
        #expect(configuration.checks.map(\.definition.name) == ["agent", "memory"])
        #expect(configuration.checks.map(\.definition.type) == ["unit", "container"])
        // Both start at once: until it was seen the agent is starting, not dead.
        #expect(configuration.checks.map(\.definition.startPeriod) == [.seconds(30), .zero])
        #expect(shows(#"/system.slice/agno\x2dapi.service"#, unit: "agno-api.service"))
        #expect(shows(#"/a.slice/agno\x2dapi.service/docker-0.scope"#, unit: "", isContainer: true))
        #expect(!shows("/system.slice/other.service", unit: "other.service"))
        #expect(!shows("/system.slice/docker-0.scope", unit: "", isContainer: true))
        #expect(!shows("/", unit: ""))
    }

    @Test(
        "the agent may also be a cgroup, which the file names, and the file beats what an instance has by default"
    )
    func besideACgroup() throws {
        let text = #"""
            { "instance": { "cgroup": "/machine.slice/libpod-0.scope" },
              "http": { "listen": ["127.0.0.1:9848"] }, "host": { "enabled": true } }
            """#
        let configuration = try Museum.read(text)

        #expect(configuration.containers.include == ["/machine.slice/libpod-0.scope"])
        #expect(configuration.checks.map(\.definition.type) == ["container"])
        #expect(configuration.checks.map(\.definition.startPeriod) == [.seconds(30)])
        #expect(configuration.http.listen.map(\.description) == ["127.0.0.1:9848"])
        #expect(configuration.host.enabled)
    }

    @Test("figures of containers that cost more are read where the file says so")
    func details() throws {
        let all = try Museum.read(
            #"{"containers": {"fileDescriptors": true, "sockets": true, "filesystem": true}}"#)

        #expect(try Museum.read("{}").kernelOptions.details == [])
        #expect(all.kernelOptions.details == [.fileDescriptors, .sockets, .filesystem])
        #expect(
            try Museum.read(#"{"containers": {"sockets": true}}"#).kernelOptions.details == [.sockets])
        #expect(
            Museum.sentences(#"{"containers": {"filesystem": "yes"}}"#).first?.contains(
                "containers.filesystem")
                == true)
    }

    @Test("no two kinds share a type, and all ten of the manual are there")
    func catalog() {
        #expect(
            DaemonCatalog.kinds.map { $0.type } == [
                "postgres", "redis", "http", "tcp", "filesystem", "memory", "container", "unit", "journal",
                "heartbeat", "pushed",
            ])
    }

    @Test("the example is accepted without a warning, holds every kind, and prints as a configuration")
    func example() throws {
        let root = Museum.directory.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try SmallFile(
            reading: "/\(root)/config.example.json", limit: ConfigurationFile.maximumLength)

        let configuration = try Museum.read(file.bytes, secret: "CANARY")

        #expect(configuration.warnings.isEmpty)
        #expect(Set(configuration.checks.map(\.definition.type)) == Set(DaemonCatalog.kinds.map { $0.type }))
        let printed = EffectiveConfiguration.text(configuration.effectiveJSON)
        let again = try Museum.read(Array(printed.utf8), secret: "CANARY")
        #expect(EffectiveConfiguration.text(again.effectiveJSON) == printed)
        #expect(configuration.checks[0].definition.startPeriod == .seconds(30))
        #expect(configuration.checks[0].definition.dependsOn == ["file_system"])
        #expect(
            configuration.labels == [
                .init(name: "team", value: "data"), .init(name: "environment", value: "production"),
            ])
    }

    @Test("defaults apply to checks that say nothing, also to the built-in ones")
    func defaults() throws {
        let text = #"{"defaults":{"interval":"1m","timeout":"20s","fall":5,"rise":4},"checks":[CHECKS]}"#
        let one = #"{"name":"a","type":"tcp","address":"localhost:1"}"#
        let other =
            #"{"name":"b","type":"tcp","address":"localhost:1","interval":"20s","fall":2,"warnAfter":1}"#
        let listed = try Museum.read(text.replacing("CHECKS", with: one + "," + other)).checks.map(
            \.definition)
        let builtIn = try Museum.read(#"{"defaults":{"interval":"2s"}}"#).checks.map(\.definition)

        #expect(listed.map(\.interval) == [.seconds(60), .seconds(20)])
        #expect(listed.map(\.timeout) == [.seconds(20), .seconds(10)])
        #expect(listed.map(\.fall) == [5, 2])
        #expect(listed.map(\.warnAfter) == [5, 1])
        #expect(listed.map(\.rise) == [4, 4])
        #expect(builtIn.map(\.interval) == [.seconds(2), .seconds(2)])
        #expect(builtIn.map(\.timeout) == [.seconds(1), .seconds(1)])
    }

    @Test("a default timeout that is shorter than the interval is taken as it stands")
    func shortInterval() throws {
        let text = #"{"defaults":{"interval":"5s","timeout":"4s"}}"#

        #expect(try Museum.read(text).checks.map(\.definition.timeout) == [.seconds(4), .seconds(4)])
    }

    @Test("a fingerprint changes with every value that counts, and with nothing else")
    func fingerprints() throws {
        func fingerprint(_ extra: String, secret: String = "one", password: String = "x") throws -> String {
            let text = #"""
                {"checks":[{"name":"d","type":"postgres","url":"postgresql://u@h/d",EXTRA
                  "passwordFile":"/etc/vitald/good.password"}]}
                """#
            let bytes = Array(text.replacing("EXTRA", with: extra).utf8)
            let environment: @Sendable (String) -> String? = { _ in password }
            let configuration = try Museum.read(bytes, environment: environment, secret: secret)
            return try #require(configuration.checks.first).definition.fingerprint
        }
        let plain = try fingerprint("")

        #expect(try fingerprint("") == plain)
        #expect(try fingerprint(#""//": "remark", "interval": "10000ms","#) == plain)
        #expect(try fingerprint(#""interval": "11s","#) != plain)
        #expect(try fingerprint("", secret: "two") != plain)
        #expect(
            try fingerprint(#""query":"SELECT '${P}'","#, password: "a")
                != fingerprint(#""query":"SELECT '${P}'","#, password: "b"))
        #expect(plain.firstRange(of: "one") == nil)
    }

    @Test("every kind's fingerprint follows its masked values too")
    func maskedFingerprints() throws {
        let checks = [
            #"{"name":"a","type":"postgres","url":"postgresql://u:SECRET@h/d"}"#,
            #"{"name":"a","type":"redis","url":"redis://:SECRET@h:1/0"}"#,
            #"{"name":"a","type":"http","url":"http://h/","headers":{"Authorization":"SECRET"}}"#,
            #"{"name":"a","type":"http","url":"http://h/","method":"POST","body":"SECRET"}"#,
            #"{"name":"a","type":"tcp","address":"h:1","send":"SECRET"}"#,
        ]
        for check in checks {
            func read(_ secret: String) throws -> Configuration {
                try Museum.read(#"{"checks":[\#(check.replacing("SECRET", with: secret))]}"#)
            }
            let one = try read("CANARY-1")
            let two = try read("CANARY-2")
            #expect(one.checks[0].definition.fingerprint != two.checks[0].definition.fingerprint, "\(check)")
            #expect(one.effectiveJSON == two.effectiveJSON)
        }
    }

    @Test("flags beat the file, and what is printed says so")
    func overrides() throws {
        let file = #"{"http":{"listen":["127.0.0.1:1"]},"socket":{"path":"/run/a.sock"},"checks":[]}"#
        let overrides = ConfigurationReader.Overrides(
            http: [try ListenAddress(parsing: "[::1]:0")], socketPath: "/tmp/b.sock")

        let configuration = try Museum.read(Array(file.utf8), overrides: overrides)

        #expect(configuration.http.listen.map(\.description) == ["[::1]:0"])
        #expect(configuration.socket.path == "/tmp/b.sock")
        let printed = EffectiveConfiguration.text(configuration.effectiveJSON)
        #expect(printed.firstRange(of: #""listen": ["[::1]:0"]"#) != nil)
        #expect(printed.firstRange(of: #""path": "/tmp/b.sock""#) != nil)
        #expect(printed.firstRange(of: "127.0.0.1:1") == nil)
    }

    @Test("a wrong flag is named as the flag, beside the faults of the file")
    func wrongFlags() throws {
        let overrides = ConfigurationReader.Overrides(
            http: [try ListenAddress(parsing: "0.0.0.0:80")], socketPath: "relative")

        let refusal = try #require(throws: ConfigurationRefusal.self) {
            try Museum.read(Array("{\"nmae\":1}".utf8), overrides: overrides)
        }

        #expect(refusal.faults.map(\.path) == ["nmae", "--http", "--socket"])
    }

    @Test("secrets in every place are masked when printed, and warned about")
    func printsNoSecret() throws {
        let bytes = try #require(Museum.bytes("good/secrets.json"))

        let configuration = try Museum.read(bytes)
        let printed = EffectiveConfiguration.text(configuration.effectiveJSON)

        #expect(printed.firstRange(of: "CANARY") == nil)
        #expect(printed.firstRange(of: "postgresql://***:***@localhost:5432/d") != nil)
        #expect(printed.firstRange(of: #""Accept": "text/plain""#) != nil)
        #expect(!configuration.warnings.isEmpty)
        let references = try #require(Museum.bytes("good/environment.json"))
        let shown = EffectiveConfiguration.text(try Museum.read(references).effectiveJSON)
        #expect(shown.firstRange(of: "postgresql://***:${PGPASSWORD}@localhost/d") != nil)
        #expect(shown.firstRange(of: #""name": "${AGENT_NAME}""#) != nil)
    }

    @Test("mutated configurations never crash the reader")
    func mutations() throws {
        var state: UInt64 = 99
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
        let seed = try #require(Museum.bytes("good/page-of-the-manual.json"))
        let spare = Array(#"{}[]":,0 9-e.$"#.utf8) + [0, 0xFF, 0x0A]
        var refused = 0
        for _ in 0..<400 {
            var bytes = seed
            for _ in 0...random(4) {
                let at = random(bytes.count)
                switch random(3) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = spare[random(spare.count)]
                default: bytes.removeSubrange(at..<min(bytes.count, at + random(40)))
                }
            }
            do { _ = try Museum.read(bytes) } catch {
                refused += 1
                #expect(!error.sentences.isEmpty)
            }
        }
        #expect(refused > 100)
    }
}
