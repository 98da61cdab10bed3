// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@Suite("methods on the wire")
struct MethodTests {
    /// The methods that stand in files of their own; `describe` of a running server is compared elsewhere.
    static let methods = [
        Ping.method, Hello.method, StatusQuery.method, ChecksList.method, ChecksGet.method, ChecksRun.method,
        History.method, ContainerQuery.method, MetricsQuery.method, LimitsQuery.method, Describe.method,
        Subscribe.method, Unsubscribe.method, Reload.method, PushHeartbeat.method, PushCheck.method,
        PushBatch.method,
    ]

    private func written(_ write: (inout JSONWriter) -> Void) throws -> JSONValue {
        var writer = JSONWriter()
        write(&writer)
        return try JSONDocument(parsing: writer.bytes).root
    }

    private var check: CheckReport {
        var definition = CheckDefinition(name: "database", type: "postgres")
        definition.impact = .degrade
        definition.tags = ["a", "b"]
        definition.dependsOn = ["network"]
        definition.description = "The \"main\" one"
        definition.target = "localhost:5432/agno"
        var report = CheckReport(definition: definition)
        report.level = .unhealthy
        report.phase = .stale
        report.flapping = true
        report.suppressedBy = "network"
        report.contribution = .degraded
        report.runs = [5, 4, 3, 2]
        report.consecutiveFailures = 3
        report.since = WallTime(nanoseconds: 1_700_000_000_000_000_000)
        report.lastCompletedWall = WallTime(nanoseconds: 1_700_000_001_500_000_000)
        var last = ProbeResult(.fail, reason: "timeout.tls", message: "no answer\nin 5 s")
        last.duration = .microseconds(1250)
        last.phases = [PhaseTiming(.connect, .microseconds(250)), PhaseTiming(.tls, .milliseconds(1))]
        last.facts = [
            Fact("role", .text("primary")), Fact("lag", .number(0.5)), Fact("n", .integer(-3)),
            Fact("ok", .boolean(false)),
        ]
        report.last = last
        return report
    }

    @Test("a call is one line of JSON with its line feed, and parameters only where there are any")
    func calls() {
        #expect(
            Ping.method.call(id: 7) == Array((#"{"jsonrpc":"2.0","id":7,"method":"ping"}"# + "\n").utf8))
        #expect(
            ChecksGet.method.call(id: 1) { $0.member("name", "a\n\"b\"") }
                == Array(
                    (#"{"jsonrpc":"2.0","id":1,"method":"checks.get","params":{"name":"a\n\"b\""}}"# + "\n")
                        .utf8))
    }

    @Test(
        "every example is a request of its own method, and gives every parameter that is required",
        arguments: methods)
    func examples(method: SocketMethod) throws {
        let example = try JSONDocument(parsing: Array(method.example.utf8)).root

        #expect(example["jsonrpc"]?.string == "2.0")
        #expect(example["method"]?.string == method.name)
        let given = Set(example["params"]?.members.compactMap(\.key.string) ?? [])
        for parameter in method.parameters where parameter.required {
            #expect(given.contains(parameter.name))
        }
        #expect(given.isSubset(of: method.parameters.map(\.name)))
        #expect(!method.summary.isEmpty && !method.result.isEmpty)
        // Shells quote it with ', and socat ends it at the line feed.
        #expect(!method.example.contains { $0 == "'" || $0 == "\n" })
    }

    @Test("a check reads back as it was written, in short and in full")
    func checks() throws {
        let short = CheckView(check)
        let full = CheckView(check, detailed: true)

        #expect(CheckView(reading: try written { short.write(into: &$0) }) == short)
        #expect(CheckView(reading: try written { full.write(into: &$0) }) == full)
        #expect(short.detail == nil && full.detail?.phases.count == 2)
        #expect(full.latency == 1.25 && full.lastRun == "2023-11-14T22:13:21.500Z")
    }

    @Test("a check that never ran leaves out what it has not")
    func pending() throws {
        let value = try written {
            CheckView(CheckReport(definition: CheckDefinition(name: "a", type: "tcp"))).write(into: &$0)
        }

        #expect(value["outcome"] == nil && value["message"] == nil && value["since"] == nil)
        #expect(value["level"]?.string == "unknown" && value["phase"]?.string == "pending")
    }

    @Test("status reads back as it was written, and counts each check once")
    func status() throws {
        var report = Report()
        report.checks = [check, check]
        report.checks[1].definition.enabled = false
        report.sequence = 12
        let reply = StatusQuery.Reply(report, epoch: "e")

        #expect(StatusQuery.Reply(reading: try written { reply.write(into: &$0) }) == reply)
        #expect(
            reply.counts.total == 1 && reply.counts.disabled == 1 && reply.counts.stale == 1
                && reply.counts.unhealthy == 1)
    }

    @Test(
        "a status that this version does not know is no status: whoever asks for one learns that it cannot be read"
    )
    func laterStatus() throws {
        let later = try JSONDocument(parsing: Array(#"{"status":"odd","ready":true}"#.utf8)).root

        #expect(StatusQuery.Reply(reading: later) == nil)
    }

    @Test("stale and pending are healthy in no count and in no view, and staleness makes nothing better")
    func stale() {
        func view(_ level: Level, _ phase: Phase, _ impact: Impact = .critical) -> CheckReport {
            var check = check
            check.definition.impact = impact
            (check.level, check.phase) = (level, phase)
            return check
        }
        var report = Report()
        report.checks = [
            view(.healthy, .stale), view(.healthy, .stale, .degrade), view(.healthy, .stale, .info),
            view(.unhealthy, .stale, .degrade), view(.healthy, .pending), view(.healthy, .active),
        ]

        let counts = StatusQuery.Reply(report, epoch: "e").counts
        #expect(counts.total == 6 && counts.healthy == 1 && counts.stale == 4)
        #expect(counts.unhealthy == 2 && counts.degraded == 2 && counts.unknown == 1)
        #expect(
            report.checks.map { CheckView($0).level } == [
                .unhealthy, .degraded, .degraded, .unhealthy, .unknown, .healthy,
            ])
        #expect(
            report.checks.map(\.state) == [.stale, .stale, .stale, .stale, .pending, .healthy])
    }

    @Test("a container reads back as it was written; no limit and an unknown limit stay apart")
    func containers() throws {
        var figures = ContainerFigures(identity: ContainerIdentity(id: "/a"))
        figures.memoryLimit = .unlimited
        figures.cpuPercentOfQuota = 12.25
        figures.oomKills = 0
        figures.started = WallTime(nanoseconds: 5_000_000_000)
        let back = try #require(
            ContainerView(reading: try written { ContainerView(figures).write(into: &$0) })?.figures)

        #expect(back.memoryLimit == .unlimited)
        #expect(back.cpuPercentOfQuota == 12.25 && back.oomKills == 0 && back.cpuPercentOfCore == nil)
        #expect(back.started == figures.started && back.populated == nil)
        figures.memoryLimit = nil
        #expect(
            ContainerView(reading: try written { ContainerView(figures).write(into: &$0) })?.figures
                .memoryLimit
                == nil)
    }

    @Test("what could not be looked at reads back as it was written, and is left out where there is nothing")
    func unmeasured() throws {
        let missing = [
            Unmeasured(.container, .limit, count: 12, fact: "12 are not measured", remedy: "Raise it."),
            Unmeasured(.cgroup, .resources, fact: "no descriptors", remedy: "Raise LimitNOFILE=."),
        ]
        let reply = StatusQuery.Reply(Report(), epoch: "e", unmeasured: missing)
        let value = try written { reply.write(into: &$0) }
        #expect(StatusQuery.Reply(reading: value) == reply)
        #expect(value["missing"]?.elements.first?["what"]?.string == "container")
        let plain = StatusQuery.Reply(Report(), epoch: "e")
        #expect(try written { plain.write(into: &$0) }["missing"] == nil)

        var figures = ContainerFigures(identity: ContainerIdentity(id: "/a.service"))
        figures.populated = true
        figures.frozen = true
        figures.unreadable = [UnreadableFile("memory.current", .kernel, "Input/output error")]
        let shown = try written { ContainerView(figures).write(into: &$0) }
        #expect(shown["status"]?.string == "frozen")
        let back = try #require(ContainerView(reading: shown)).figures
        #expect(back.populated == true && back.frozen == true && back.unreadable == figures.unreadable)
    }

    @Test("the limits that hold read back as they were written, and none where nobody looked")
    func limits() throws {
        var figures = ContainerFigures(identity: ContainerIdentity(id: "/a.slice/b.service"))
        figures.memoryPercent = 50
        figures.cpuPercentOfQuota = 90
        var limits = EffectiveLimits()
        limits.memory = .init(1000, "/a.slice")
        limits.memoryFile = .high
        limits.memoryFill = .init(
            level: "/a.slice", file: .high, limit: ByteCount(1000), used: ByteCount(500))
        limits.memoryAvailable = .init(10, EffectiveLimits.host)
        limits.swap = .init(0, "/a.slice/b.service")
        limits.swapAvailable = .init(0, "/a.slice/b.service")
        limits.cores = .init(1.5, "/a.slice")
        limits.cpuFill = .init(level: "/a.slice", cores: 1.5, percent: 90)
        limits.throttledLevel = "/a.slice"
        limits.pids = .init(5, "/a.slice")
        limits.pidsAvailable = .init(4, "/a.slice")
        limits.unread = [
            .init(.pids, UnreadableFile("/a.slice/pids.max", .kernel, "Input/output error")),
            .init(.swap, UnreadableFile("memory.swap.max", .resources, "Too many open files")),
        ]
        func back() throws -> EffectiveLimits? {
            let value = try written { ContainerView(figures).write(into: &$0) }
            return ContainerView(reading: value)?.figures.limits
        }

        #expect(try back() == nil)
        figures.limits = limits
        #expect(try back() == limits)
        let value = try written { ContainerView(figures).write(into: &$0) }
        #expect(value["effective_memory_limit_bytes"]?.integer == 1000)
        #expect(value["effective_memory_limit_level"]?.string == "/a.slice")
        #expect(value["effective_cpu_limit_cores"]?.double == 1.5)
        #expect(value["memory_available_level"]?.string == "host")
        figures.limits?.memoryFill = nil
        limits.memoryFill = nil
        #expect(try back() == limits)
        #expect(
            try written { ContainerView(figures).write(into: &$0) }["memory_percent_level"]?.string == "host")

        var host = HostFigures()
        host.container = .init(level: "/", file: .max, limit: ByteCount(1000), used: ByteCount(997))
        let told = ContainerView.readHost(try written { ContainerView.write(host: host, into: &$0) })
        #expect(told.container == host.container)
    }

    @Test("a fault reads back as it was written")
    func faults() throws {
        for fault in [
            SocketFault.notFound("check", name: "x\"y"), .rateLimited(retryAfter: .microseconds(1)),
            .lineTooLong(limit: 65_536), .configurationRefused(["a", "b"]), .unknownMethod("m"),
            .denied("reload", needs: .admin, has: [], uid: nil),
        ] {
            #expect(SocketFault(reading: try written { fault.write(into: &$0) }) == fault)
        }
    }

    @Test("a subscription reads back as it was written, replay and snapshot alike")
    func subscriptions() throws {
        var report = Report()
        report.checks = [check]
        var reply = Subscribe.Reply(
            epoch: "e", sequence: 9, topics: ["status"], unavailable: ["log"], lost: true)
        reply.status = StatusQuery.Reply(report, epoch: "e")
        reply.checks = [CheckView(check)]
        let snapshot = try #require(Subscribe.Reply(reading: try written { reply.write(into: &$0) }))
        #expect(snapshot.status == reply.status && snapshot.checks == reply.checks && snapshot.replay == nil)
        #expect(snapshot.lost && snapshot.unavailable == ["log"] && snapshot.sequence == 9)

        let change = ChangeView(
            HealthChange(
                sequence: 8, subject: .overall, .state(from: .healthy, to: .degraded),
                cause: .init(message: "m"),
                wall: WallTime(nanoseconds: 0)))
        reply.replay = [change]
        #expect(Subscribe.Reply(reading: try written { reply.write(into: &$0) })?.replay == [change])
    }

    @Test(
        "wall times read back as they were written",
        arguments: [
            0, 1_582_934_400_000_000_000, 1_700_000_000_123_000_000, -86_400_000_000_000,
            951_782_400_000_000_000,
        ])
    func times(nanoseconds: Int64) {
        let time = WallTime(nanoseconds: nanoseconds)

        #expect(WallTime(rfc3339: time.rfc3339) == time)
    }

    @Test(
        "what is no time of ours is refused",
        arguments: [
            "", "2026-11-22", "2026-11-22T18:20:54", "2026-13-22T18:20:54Z", "2026-11-22T18:20:54+01:00",
            "2026-11-22T18:20:54.Z", "2026-11-22T18:20:54.1234567890Z", "20x6-11-22T18:20:54Z",
        ])
    func badTimes(text: String) { #expect(WallTime(rfc3339: text) == nil) }

    @Test("labels read back as they were written")
    func labels() {
        let pairs = [("id", "/a\\x2d\"b\nc,d=\"e\""), ("name", ""), ("image", "é")]
        var bytes: [UInt8] = []
        for (name, value) in pairs { LabelText.append(name, value, first: bytes.isEmpty, to: &bytes) }

        #expect(
            LabelText.pairs(of: bytes[...]).map { "\($0.name)|\($0.value)" } == pairs.map { "\($0)|\($1)" })
        #expect(LabelText.pairs(of: Array("x".utf8)[...]).isEmpty)
        #expect(LabelText.pairs(of: Array(#"x="y"#.utf8)[...]).map(\.value) == ["y"])
    }

    @Test("the socket is sought where a flag, the variable, the system, the user has it")
    func lookup() {
        func places(_ flag: String?, _ variable: String?, _ directory: String?) -> [String] {
            SocketLookup.places(flag: flag, variable: variable, runtimeDirectory: directory)
        }

        #expect(places("/f", "/v", "/run/user/1") == ["/f"])
        #expect(places(nil, "/v", "/run/user/1") == ["/v"])
        #expect(places(nil, "", "/run/user/1/") == [SocketLookup.system, "/run/user/1/vitald/vitald.sock"])
        #expect(places(nil, nil, nil) == ["/run/vitald/vitald.sock"])
    }

    @Test(
        "an instance that is named stands alone; that of the caller's own service comes before the machine's")
    func instances() throws {
        let agno = try InstanceName("agno@1")

        #expect(
            SocketLookup.places(flag: nil, instance: agno, variable: "/v", runtimeDirectory: nil)
                == ["/run/vitald/agno@1/vitald.sock"])
        #expect(
            SocketLookup.places(flag: nil, variable: nil, own: [agno], runtimeDirectory: nil)
                == ["/run/vitald/agno@1/vitald.sock", SocketLookup.system])
        #expect(
            SocketLookup.places(flag: nil, variable: "/v", own: [agno], runtimeDirectory: nil) == ["/v"])
    }

    @Test(
        "a process's services are read from its cgroup file, the innermost first",
        arguments: [
            ("0::/system.slice/agno.service/child\n", ["agno"]),
            (
                "0::/user.slice/user@1000.service/app.slice/agno\\x2dapi.service\n",
                ["agno\\x2dapi", "user@1000"]
            ),
            ("12:pids:/a.service\n1:name=systemd:/system.slice/b.service\n0::/c.service\n", ["b"]),
            ("0::/\n", []), ("", []), ("rubbish\n", []), ("0::/x/.service\n", []),
        ])
    func services(_ text: String, _ names: [String]) {
        #expect(SocketLookup.services(inCgroupFile: text).map(\.description) == names)
    }

    @Test(
        "a name that is no service's is refused, with a remedy",
        arguments: ["", ".service", "config", "a/b", "../x", "a b", "ä", String(repeating: "x", count: 81)])
    func instanceNames(_ text: String) throws {
        let problem = #expect(throws: InstanceName.Problem.self) { try InstanceName(text) }

        #expect(problem?.remedy.isEmpty == false)
        #expect(try InstanceName("agno-data-api.service") == InstanceName("agno-data-api"))
    }
}
