// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@testable import vitalctl

@Suite("what vitalctl shows")
struct RenderingTests {
    private let now = WallTime(nanoseconds: 1_700_000_100_000_000_000)

    private func ago(_ seconds: Int64) -> WallTime {
        WallTime(nanoseconds: now.nanoseconds - seconds * 1_000_000_000)
    }

    private var checks: [CheckView] {
        var database = CheckReport(definition: CheckDefinition(name: "database", type: "postgres"))
        database.level = .healthy
        database.phase = .active
        database.since = ago(7200)
        database.lastCompletedWall = ago(3)
        database.last = ProbeResult(.pass, message: "SELECT 1 answered")
        database.last?.duration = .microseconds(850)
        var cache = CheckReport(definition: CheckDefinition(name: "cache", type: "redis"))
        cache.level = .unhealthy
        cache.phase = .active
        cache.flapping = true
        cache.since = ago(40)
        cache.lastCompletedWall = ago(1)
        cache.last = ProbeResult(.fail, reason: "timeout.connect", message: "no answer in 5s")
        cache.last?.duration = .seconds(5)
        var off = CheckReport(definition: CheckDefinition(name: "off", type: "tcp"))
        off.definition.enabled = false
        return [database, cache, off].map { CheckView($0) }
    }

    private var status: StatusQuery.Reply {
        var report = Report()
        report.reason = nil
        report.status = .unhealthy
        report.since = ago(40)
        var reply = StatusQuery.Reply(report, epoch: "e")
        reply.counts.total = 2
        reply.counts.healthy = 1
        reply.counts.unhealthy = 1
        reply.counts.disabled = 1
        return reply
    }

    @Test("status is a headline, a summary and aligned checks")
    func wholeStatus() {
        #expect(
            StatusCommand.lines(status, checks, now: now, paint: .plain) == [
                "unhealthy, not ready, for 40s",
                "2 checks: 1 healthy, 1 unhealthy, 1 off",
                "",
                "CHECK     STATE      SINCE  TYPE      LATENCY  LAST  MESSAGE",
                "database  healthy       2h  postgres   0.85ms    3s  SELECT 1 answered",
                "cache     unhealthy    40s  redis        5.0s    1s  [timeout.connect] no answer in 5s (flapping)",
                "off       off            -  tcp             -     -",
            ])
    }

    @Test("what is missing is told with its remedy, below the summary and below a list of containers")
    func missing() {
        var short = status
        short.unmeasured = [
            Unmeasured(
                .container, .limit, count: 12,
                fact: "12 containers and units are not measured: containers.limit is 3",
                remedy: "Raise containers.limit, or narrow containers.include.")
        ]
        let line =
            "missing: 12 containers and units are not measured: containers.limit is 3. Raise containers.limit, or "
            + "narrow containers.include."

        #expect(Array(StatusCommand.lines(short, [], now: now, paint: .plain).dropFirst(2)) == [line])
        #expect(MissingText.lines(short.unmeasured, paint: .plain) == [line])
        #expect(MissingText.lines([], paint: .coloured).isEmpty)
        var odd = ContainerFigures(identity: ContainerIdentity(id: "/a.service"))
        odd.unreadable = [UnreadableFile(".", .resources, "Too many open files")]
        #expect(ContainerText.table([ContainerView(odd)], paint: .plain)[1].hasSuffix("unreadable"))
    }

    @Test("what is stale is said beside the counts, of which it is a part")
    func staleSummary() {
        var counts = HealthCounts()
        (counts.total, counts.healthy, counts.unhealthy, counts.stale) = (3, 1, 2, 1)

        #expect(StatusText.summary(counts) == "3 checks: 1 healthy, 2 unhealthy; 1 stale")
    }

    @Test("without checks it says so, with the reason")
    func noChecks() {
        var empty = StatusQuery.Reply(Report(), epoch: "e")
        empty.since = now.rfc3339

        #expect(
            StatusCommand.lines(empty, [], now: now, paint: .plain) == [
                "healthy, not ready, for 0s: no checks configured", "no checks",
            ])
    }

    @Test("colours wrap words and never move a column")
    func colours() {
        let plain = StatusText.table(checks, now: now, paint: .plain)
        let painted = StatusText.table(checks, now: now, paint: .coloured)

        #expect(painted[1] != plain[1] && painted[1].contains("\u{1B}[32mhealthy\u{1B}[0m"))
        #expect(zip(plain, painted).allSatisfy { $0 == Self.unpainted($1) })
    }

    @Test("one check is shown with its schedule, steps and findings")
    func detail() {
        var report = CheckReport(definition: CheckDefinition(name: "web", type: "http"))
        report.definition.target = "https://example.com"
        report.level = .degraded
        report.phase = .active
        report.since = ago(120)
        report.lastCompletedWall = ago(2)
        report.runs = [3, 1, 0, 0]
        report.last = ProbeResult(.warn, reason: "slow", message: "took long\u{1B}[2J")
        report.last?.duration = .milliseconds(1500)
        report.last?.phases = [PhaseTiming(.connect, .microseconds(1500))]
        report.last?.facts = [Fact("response_code", .integer(200))]

        #expect(
            StatusText.detail(CheckView(report, detailed: true), now: now, paint: .plain) == [
                "web",
                "  state          degraded, impact critical",
                "  since          2m",
                "  type           http",
                "  target         https://example.com",
                "  last           warn 2s ago, took 1.5s",
                "  message        [slow] took long\u{FFFD}[2J",
                "  schedule       every 10s, timeout 5s",
                "  thresholds     fall 3, warnAfter 3, rise 2",
                "  runs           3 pass, 1 warn",
                "  steps          connect 1.5ms",
                "  response_code  200",
            ])
    }

    @Test("a check that is fed by pushes shows what feeds it, and neither schedule nor thresholds")
    func fedCheck() {
        var report = CheckReport(definition: CheckDefinition(name: "backup", type: "pushed"))
        report.definition.target = "a push.check every 25h"
        report.definition.fedBy = .check
        report.level = .degraded
        report.phase = .active
        report.since = ago(120)
        report.lastCompletedWall = ago(2)
        report.runs = [0, 1, 0, 0]
        report.last = ProbeResult(.warn, reason: "backup.slow", message: "took 3 h")
        report.last?.facts = [Fact("pushes", .integer(1))]

        #expect(
            StatusText.detail(CheckView(report, detailed: true), now: now, paint: .plain) == [
                "backup",
                "  state    degraded, impact critical",
                "  since    2m",
                "  type     pushed",
                "  target   a push.check every 25h",
                "  last     warn 2s ago",
                "  message  [backup.slow] took 3 h",
                "  fed by   push.check",
                "  runs     1 warn",
                "  pushes   1",
            ])
    }

    @Test("containers stand in columns; what is unknown is a dash, not a zero")
    func containers() {
        var web = ContainerFigures(identity: ContainerIdentity(id: "/system.slice/docker-1.scope"))
        web.identity.name = "web"
        web.identity.runtime = "docker"
        web.cpuPercentOfCore = 12.34
        web.memoryBytes = 3 * 1_048_576
        web.memoryLimit = .limited(ByteCount(6 * 1_048_576))
        web.memoryPercent = 50
        web.processes = 4
        web.networkReceivedBytes = 0
        web.populated = true
        let bare = ContainerFigures(identity: ContainerIdentity(id: "/x.slice"))

        #expect(
            ContainerText.table([ContainerView(web), ContainerView(bare)], paint: .plain) == [
                "NAME      RUNTIME    CPU  MEMORY   MEM%  LIMIT  WHOSE  LEFT  PIDS   RX  TX  STATUS",
                "web       docker   12.3%   3 MiB  50.0%  6 MiB  -         -     4  0 B   -  running",
                "/x.slice  -            -       -      -      -  -         -     -    -   -  -",
            ])
        #expect(ContainerText.table([], paint: .plain) == ["no container or unit is selected"])
        #expect(
            TopCommand.busiestFirst([ContainerView(bare), ContainerView(web)]).map(\.figures.identity.name)
                == [
                    "web", "",
                ])
    }

    @Test("containers show the limit that bites, whose it is, and what is left")
    func limits() {
        func row(_ name: String, _ percent: Double?, _ change: (inout EffectiveLimits) -> Void)
            -> ContainerView
        {
            var figures = ContainerFigures(identity: ContainerIdentity(id: "/agents.slice/\(name).service"))
            figures.identity.name = name
            figures.memoryBytes = 10 << 20
            figures.memoryLimit = .unlimited
            figures.memoryPercent = percent
            var limits = EffectiveLimits()
            change(&limits)
            figures.limits = limits
            return ContainerView(figures)
        }
        func fill(_ level: String, _ file: EffectiveLimits.MemoryFile) -> EffectiveLimits.MemoryFill {
            EffectiveLimits.MemoryFill(
                level: level, file: file, limit: ByteCount(1 << 30), used: ByteCount(97 << 20))
        }

        let lines = ContainerText.table(
            [
                row("shared", 97) {
                    $0.memoryFill = fill("/agents.slice", .max)
                    $0.memoryAvailable = .init(31 << 20, "/agents.slice")
                },
                row("own", 50) {
                    $0.memoryFill = fill("/agents.slice/own.service", .high)
                    $0.memoryAvailable = .init(512 << 20, "/agents.slice/own.service")
                },
                row("payload", 50) { $0.memoryFill = fill("/agents.slice/payload.service/container", .max) },
                row("free", 1) { $0.memoryAvailable = .init(2 << 30, "host") },
                row("unknown", nil) {
                    $0.unread = [.init(.memory, UnreadableFile("memory.max", .kernel, "Input/output error"))]
                },
            ], paint: .plain)

        #expect(
            lines == [
                "NAME     RUNTIME  CPU  MEMORY   MEM%  LIMIT  WHOSE                 LEFT  PIDS  RX  TX  STATUS",
                "shared   -          -  10 MiB  97.0%  1 GiB  /agents.slice       31 MiB     -   -   -  -",
                "own      -          -  10 MiB  50.0%  1 GiB  own (memory.high)  512 MiB     -   -   -  -",
                "payload  -          -  10 MiB  50.0%  1 GiB  own                      -     -   -   -  -",
                "free     -          -  10 MiB   1.0%   none  host                 2 GiB     -   -   -  -",
                "unknown  -          -  10 MiB      -      -  -                        -     -   -   -  -",
            ])
        var host = HostFigures()
        host.cores = 4
        host.cpuPercent = 5
        (host.memoryTotalBytes, host.memoryAvailableBytes) = (32 << 30, 16 << 30)
        #expect(ContainerText.host(host) == "host: 4 cores, CPU 5.0%, memory 50.0% of 32 GiB")
        host.container = fill("/", .max)
        #expect(
            ContainerText.host(host)
                == "host: 4 cores, CPU 5.0%, memory 50.0% of 32 GiB; this container 9.5% of 1 GiB (memory.max)"
        )
    }

    @Test("a change is one line with time, what, from, to, why")
    func changes() {
        let change = ChangeView(
            HealthChange(
                sequence: 1, subject: .check("cache"), .state(from: .healthy, to: .unhealthy),
                cause: .init("timeout.connect", message: "no answer"), wall: ago(60)))
        let time = Amount.localTime(change.time, now: now)

        #expect(
            ChangeText.line(change, now: now, paint: .plain)
                == "\(time)  cache             healthy → unhealthy  [timeout.connect] no answer")
    }

    @Test("history lists results and changes")
    func history() {
        let reply = History.Reply(
            name: "cache",
            results: [
                History.Entry(
                    time: ago(5).rfc3339, outcome: .fail, level: .unhealthy, reason: "refused",
                    message: "m",
                    latency: 12)
            ], changes: [])
        let time = Amount.localTime(ago(5).rfc3339, now: now)

        #expect(
            ChangeText.history(reply, now: now, paint: .plain) == [
                Table.pad("TIME", to: time.count) + "  RESULT  LEVEL      LATENCY  MESSAGE",
                "\(time)  fail    unhealthy     12ms  [refused] m",
            ])
        #expect(
            ChangeText.history(History.Reply(name: "x", results: [], changes: []), now: now, paint: .plain)
                == [
                    "x has not run yet"
                ])
    }

    @Test("check gives Nagios one line, a code and figures")
    func nagios() {
        let verdict = NagiosText(status, checks: checks, askingReadiness: false)
        #expect(verdict.code == 2)
        #expect(
            verdict.line
                == "VITALD CRITICAL - unhealthy: cache unhealthy [timeout.connect] no answer in 5s (flapping)"
                + " | checks=2 healthy=1 degraded=0 unhealthy=1 unknown=0 stale=0")

        var other = status
        for (status, code, name) in [(.healthy, 0, "OK"), (.degraded, 1, "WARNING")]
            as [(Status, Int32, String)]
        {
            other.status = status
            let verdict = NagiosText(other, checks: [], askingReadiness: false)
            #expect(verdict.code == code)
            #expect(
                verdict.line
                    == "VITALD \(name) - \(status.word) | checks=2 healthy=1 degraded=0 unhealthy=1 unknown=0 stale=0"
            )
        }
        #expect(NagiosText(other, checks: [], askingReadiness: true).code == 2)
        other.ready = true
        #expect(NagiosText(other, checks: [], askingReadiness: true).code == 0)
        other.reason = "a|b\nc"
        #expect(
            NagiosText(other, checks: [], askingReadiness: true).line.utf8.starts(
                with: "VITALD OK - ready: a/b\u{FFFD}c |".utf8))
    }

    @Test("what is not reached is UNKNOWN in one line, with places and remedy")
    func unreachable() {
        let failure = Failure.notFound([
            .init(
                path: "/run/vitald/vitald.sock", code: ENOENT, text: "no such file", isMissing: true,
                isForbidden: false)
        ])

        #expect(NagiosText(unreachable: failure).code == 3)
        #expect(
            NagiosText(unreachable: failure).line
                == "VITALD UNKNOWN - vitald is not reached. /run/vitald/vitald.sock: no such file Start vitald"
                + " (systemctl start vitald), or say where its socket is: --socket PATH or $VITALD_SOCKET.")
    }

    @Test("ages, latencies and sizes are short")
    func amounts() {
        #expect(
            [0, 0.34, 3, 119, 7199, 86_399, 400_000].map { Amount.age(.seconds($0)) } == [
                "0ms", "340ms", "3s", "1m", "1h", "23h", "4d",
            ])
        #expect(
            [0.044, 1.25, 12.6, 999.4, 1500].map { Amount.latency($0) } == [
                "0.04ms", "1.3ms", "13ms", "999ms", "1.5s",
            ])
        #expect(Amount.latency(nil) == "-" && Amount.percent(nil) == "-" && Amount.size(nil) == "-")
        #expect(Amount.decimal(-0.05, places: 1) == "-0.1" && Amount.decimal(3.999, places: 2) == "4.00")
        #expect(Amount.age(since: "2099-01-01T00:00:00.000Z", now: now) == "0s", "a clock that is ahead")
    }

    @Test("times are local, with the date where it is not today's")
    func times() {
        func utc(_ time: WallTime) -> tm {
            var seconds = time_t(time.nanoseconds / 1_000_000_000)
            var fields = tm()
            gmtime_r(&seconds, &fields)
            return fields
        }

        #expect(Amount.localTime("2023-11-14T22:13:21.500Z", now: now, calendar: utc) == "22:13:21")
        #expect(
            Amount.localTime("2023-11-13T02:03:04.000Z", now: now, calendar: utc) == "2023-11-13 02:03:04")
        #expect(Amount.localTime("?", now: now) == "-")
    }

    @Test("global options may stand before the command, and stay behind nothing that ends options")
    func globalOptions() {
        #expect(GlobalOptions.settled(["--json", "status"]) == ["status", "--json"])
        #expect(
            GlobalOptions.settled(["--socket", "/s", "--json", "push", "heartbeat", "x"]) == [
                "push", "heartbeat", "x", "--socket", "/s", "--json",
            ])
        #expect(
            GlobalOptions.settled(["--socket=/s", "run", "--", "-x"]) == ["run", "--socket=/s", "--", "-x"])
        #expect(GlobalOptions.settled(["--help"]) == ["--help"])
        #expect(GlobalOptions.settled(["--socket"]) == ["--socket"])
        #expect(GlobalOptions.settled([]) == [])
    }

    @Test("a feed asks for what it has not heard, and counts what it was asked to")
    func feed() throws {
        var feed = ChangeFeed(remaining: 2)
        func params() -> String {
            var writer = JSONWriter()
            writer.object { feed.parameters(into: &$0) }
            return writer.text
        }
        let change = ChangeView(
            HealthChange(
                sequence: 6, subject: .overall, .state(from: .healthy, to: .degraded),
                cause: .init(message: ""),
                wall: now))

        #expect(params() == #"{"topics":["status","check"]}"#)
        #expect(
            feed.open(Subscribe.Reply(epoch: "e", sequence: 5, topics: [], unavailable: [], lost: false))
                .isFirst)
        feed.note(change)
        #expect(params() == #"{"topics":["status","check"],"since_seq":6,"epoch":"e"}"#)
        #expect(feed.noteInterruption() && !feed.noteInterruption(), "told once")
        var resumed = Subscribe.Reply(epoch: "e", sequence: 7, topics: [], unavailable: [], lost: false)
        resumed.replay = [change]
        #expect(!feed.isDone)
        #expect(feed.open(resumed) == ChangeFeed.Opening(isFirst: false, lost: false, changes: [change]))
        #expect(feed.isDone && feed.noteInterruption())
    }

    /// A text without its colours.
    private static func unpainted(_ text: String) -> String {
        var plain = ""
        var inEscape = false
        for character in text {
            if character == "\u{1B}" { inEscape = true }
            if !inEscape { plain.append(character) }
            if character == "m" { inEscape = false }
        }
        return plain
    }
}
