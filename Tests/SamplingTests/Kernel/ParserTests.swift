// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Sampling

private let scope = "sys/fs/cgroup" + KernelFixture.worker

@Suite("One kernel file, one parser")
struct ParserTests {
    @Test("cpu.stat gives times in µs and the periods")
    func cpuStat() throws {
        let (figures, bad) = KernelFixture.row(try KernelFixture.file(scope + "/container/cpu.stat")) {
            CPUStat.keys.parse($0, into: $1)
        }

        #expect(bad == 0)
        #expect(
            figures == [
                .cpuUsage: 64_866_641, .cpuUser: 51_712_011, .cpuSystem: 13_154_630, .periods: 1302,
                .throttledPeriods: 1284, .throttledTime: 52_722_509, .bursts: 0, .burstTime: 0,
            ])
    }

    @Test("cpu.max gives quota and period, max is no quota")
    func cpuMax() {
        let parse: (KernelBytes, FigureRow) -> Int = { CPUMax.parse($0, into: $1) }

        #expect(
            KernelFixture.row("50000 100000\n", parse).figures == [.cpuQuota: 50000, .cpuPeriod: 100_000])
        #expect(KernelFixture.row("max 100000\n", parse).figures[.cpuQuota] == FigureRow.unlimited)
        for broken in ["", "50000", "50000 0\n", "50000 100000", "a b\n", "1 2 3\n", "max\n"] {
            let (figures, bad) = KernelFixture.row(broken, parse)
            #expect(figures.isEmpty && bad == 1, "\(broken)")
        }
    }

    @Test("memory.stat is read by key, never by position")
    func memoryStat() throws {
        let bytes = try KernelFixture.file(scope + "/memory.stat")
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0 + "\n" }

        let straight = KernelFixture.row(bytes) { MemoryStat.keys.parse($0, into: $1) }
        let reversed = KernelFixture.row(lines.reversed().joined()) { MemoryStat.keys.parse($0, into: $1) }

        #expect(straight.figures == reversed.figures)
        #expect(straight.figures.count == 14)
        #expect(straight.figures[.inactiveFile] == 4_685_824)
    }

    @Test("a bad line drops that line alone, a last line without its end too")
    func badLines() {
        let text = "low 1\nhigh\nmax x\noom 18446744073709551616\noom_kill 5\n garbage\noom_group_kill 12"

        let (figures, bad) = KernelFixture.row(text) { MemoryEvents.keys.parse($0, into: $1) }

        #expect(figures == [.eventsLow: 1, .eventsOOMKill: 5])
        #expect(bad == 5)
    }

    @Test(
        "a single number is a number, max, or nothing",
        arguments: [
            ("67108864\n", Int64(67_108_864)), ("max\n", FigureRow.unlimited), ("0\n", 0),
            ("9223372036854771712\n", 9_223_372_036_854_771_712), ("9223372036854775808\n", nil),
            ("-1\n", nil),
            ("", nil), ("12", nil), ("\n", nil), ("1 2\n", nil), ("1\n2\n", nil), ("maximum\n", nil),
        ])
    func singleNumber(_ text: String, _ expected: Int64?) {
        #expect(KernelFixture.parse(text) { SingleNumber.parse($0) } == expected)
    }

    @Test("io.stat: the last number before the figures owns them, bare and unknown lines own nothing")
    func ioStat() {
        let text = """
            7:7 7:6 7:5 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6
            7:4\u{20}
            (unknown) rbytes=9 wbytes=9
            254:0 rbytes=10 wbytes=20 rios=1 wios=2 cost.usage=77
            254:0 rbytes=666
            8:0 rbytes=99999999999999999999
            8:16 rbytes=1 wb
            259:0 rbytes=5
            """
        var devices: [IOStat.Device] = []

        let bad = KernelFixture.parse(text) { IOStat.parse($0, into: &devices) }

        #expect(devices.map(\.minor) == [5, 0])
        #expect(devices.first?.readBytes == 1)
        #expect(
            devices.last?.readBytes == 10 && devices.last?.costUsage == 77 && devices.last?.costWait == nil)
        #expect(bad == 5)
    }

    @Test("pressure: totals in µs, no full line on old kernels, unknown lines skipped")
    func pressure() {
        let whole = KernelFixture.parse(
            "some avg10=87.05 avg60=72.20 avg300=26.42 total=93554597\nfull avg10=0.00 total=7\n"
        ) { Pressure(parsing: $0) }
        let old = KernelFixture.parse("some avg10=1.00 avg60=0.00 avg300=0.00 total=5\nnew total=9\n") {
            Pressure(parsing: $0)
        }
        let torn = KernelFixture.parse("some avg10=1.00 total=5") { Pressure(parsing: $0) }

        #expect(whole.some == 93_554_597 && whole.full == 7 && whole.someAvg10 == 8705)
        #expect(old.some == 5 && old.full == nil && old.badLines == 0)
        #expect(torn.some == nil && torn.badLines == 1)
    }

    @Test("a process's name may hold brackets, blanks and line feeds")
    func processStat() {
        let rest =
            " S 496 498 498 0 -1 4194560 148 315 17 2 3 10 0 41 20 0 5 0 17285 2314240 12 18446744073709551615 1 0\n"

        for name in ["sleep", "a) R 1 2", "a\nb", "((", ")", ""] {
            let stat = KernelFixture.parse("498 (\(name))" + rest) { ProcessStat(parsing: $0) }
            #expect(stat?.startTicks == 17285 && stat?.threads == 5 && stat?.residentPages == 12, "\(name)")
        }
        #expect(KernelFixture.parse("498 (sleep" + rest) { ProcessStat(parsing: $0) } == nil)
        #expect(KernelFixture.parse("498 (sleep) S 1 2") { ProcessStat(parsing: $0) } == nil)
    }

    @Test("net/dev: the name ends at the colon, with or without a blank behind it")
    func netDev() {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
                lo: 9 9 9 9 0 0 0 0 9 9 9 9 0 0 0 0
              eth0:1866 23 1 2 0 0 0 0 866 11 3 4 0 0 0 0
              eth1: 1 2 3
             veth9: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0
             docker0: 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0

            """
        var interfaces: [NetDev.Interface] = []

        let bad = KernelFixture.parse(text) {
            NetDev.parse($0, into: &interfaces, wanted: NetDev.belongsToContainer)
        }

        #expect(interfaces.map { String(decoding: $0.name, as: UTF8.self) } == ["eth0"])
        #expect(interfaces.first?.receivedBytes == 1866 && interfaces.first?.transmittedDropped == 4)
        #expect(interfaces.first?.receivedErrors == 1 && interfaces.first?.receivedDropped == 2)
        #expect(bad == 1)
    }

    @Test(
        "of a container's interfaces only lo is lo; veth, docker and nerdctl are skipped with a number or nothing behind",
        arguments: [
            ("lo", false), ("lo1", true), ("longhorn0", true), ("lowpan0", true), ("l", true), ("eth0", true),
            ("veth", false), ("veth9", false), ("vethc0ffee1", false), ("veth3f1a2b4", false),
            ("vethernet0", true),
            ("veth-agent", true), ("docker", false), ("docker0", false), ("docker_gwbridge", true),
            ("dockernet0", true), ("nerdctl", false), ("nerdctl0", false), ("nerdctl-br", true),
            ("xlo", true),
        ])
    func interfaces(_ name: String, _ isKept: Bool) {
        let text = " \(name): 1 1 1 1 0 0 0 0 1 1 1 1 0 0 0 0\n"
        var interfaces: [NetDev.Interface] = []

        _ = KernelFixture.parse(text) {
            NetDev.parse($0, into: &interfaces, wanted: NetDev.belongsToContainer)
        }

        #expect(interfaces.map { String(decoding: $0.name, as: UTF8.self) } == (isKept ? [name] : []))
    }

    @Test(
        "/proc/PID/cgroup: the path may hold colons, a dead cgroup's suffix falls away, outside is nobody's")
    func processCgroup() {
        let parse: (String) -> String? = { text in
            KernelFixture.parse(text) { ProcessCgroup.parse($0)?.text }
        }

        #expect(parse("4:memory:/x\n0::/a:b/c\n") == "/a:b/c")
        #expect(parse("0::/a.service (deleted)\n") == "/a.service")
        #expect(parse("0::/\n") == "/")
        #expect(parse("0::/../x\n") == nil)
        #expect(parse("0::/cut") == nil)
        #expect(parse("1:name=systemd:/\n") == nil)
    }

    @Test("the host's files give what node_exporter shows")
    func host() throws {
        let stat = KernelFixture.parse(try KernelFixture.file("proc/stat")) { ProcStat(parsing: $0) }
        let memory = KernelFixture.parse(try KernelFixture.file("proc/meminfo")) { MemInfo(parsing: $0) }
        let load = KernelFixture.parse(try KernelFixture.file("proc/loadavg")) { LoadAverage(parsing: $0) }
        let kills = KernelFixture.parse(try KernelFixture.file("proc/vmstat")) { VMStat.oomKills($0) }
        let limits = KernelFixture.parse(try KernelFixture.file("proc/1/limits")) {
            ProcessLimits(parsing: $0)
        }

        #expect(stat.cpus.map(\.number) == [0, 1])
        #expect(stat.bootTime == 1_795_373_341)
        #expect(memory.total == 3_061_575_680)
        #expect(load?.hundredths == [126, 38, 20])
        #expect(kills == 0)
        #expect(limits.openFiles == 1_048_576 && limits.addressSpace == FigureRow.unlimited)
    }

    @Test("cgroup.procs: 0 is a process that cannot be looked at")
    func procs() {
        var seen: [Int32] = []

        let procs = KernelFixture.parse("0\n498\n508\n99999999999\nx\n12") {
            CgroupProcs(parsing: $0) { seen.append($0) }
        }

        #expect(procs.count == 3 && procs.first == 498 && seen == [498, 508] && procs.badLines == 3)
    }

    @Test("no bytes whatever trap a parser")
    func hostile() throws {
        var seed: UInt64 = 0x5eed
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        let files = try [
            "proc/stat", "proc/meminfo", "proc/loadavg", "proc/vmstat", "proc/self/mountinfo", "proc/1/stat",
            "proc/1/limits", "proc/net/dev", "proc/pressure/cpu", scope + "/io.stat", scope + "/memory.stat",
            scope + "/cgroup.events", scope + "/container/cpu.max", scope + "/container/cpu.stat",
        ].map { try KernelFixture.file($0) }
        let sources = files + [Array("Gid:\t1\t2\t3\t4\nGroups:\t4 5 \nCapEff:\t0f\n".utf8)]
        let tokens = [
            "18446744073709551615", "-1", ":", "=", "\n", "\0", " ", "(", ")", "max", "\u{ff}",
            "9223372036854775807",
        ]
        var runs = 0
        for source in sources {
            for _ in 0..<400 {
                var bytes = source
                for _ in 0...random(4) {
                    switch random(3) {
                    case 0 where !bytes.isEmpty: bytes.removeLast(random(bytes.count))
                    case 1 where !bytes.isEmpty: bytes[random(bytes.count)] = UInt8(random(256))
                    default:
                        let at = bytes.isEmpty ? 0 : random(bytes.count)
                        bytes.insert(contentsOf: tokens[random(tokens.count)].utf8, at: at)
                    }
                }
                runs += Self.everyParser(bytes)
            }
        }
        #expect(runs == sources.count * 400)
    }

    private static func everyParser(_ bytes: [UInt8]) -> Int {
        KernelFixture.parse(bytes) { bytes in
            var memory = [Int64](repeating: FigureRow.missing, count: FigureColumn.count)
            var devices: [IOStat.Device] = []
            var interfaces: [NetDev.Interface] = []
            memory.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress else { return }
                for file in ContainerFile.all { _ = file.parse(bytes, FigureRow(base), &devices) }
            }
            _ = NetDev.parse(bytes, into: &interfaces) { _, _ in true }
            _ = CgroupProcs(parsing: bytes)
            _ = ProcessStat(parsing: bytes)
            _ = ProcessLimits(parsing: bytes)
            _ = ProcessStatus(parsing: bytes)
            _ = ProcessCgroup.parse(bytes)
            _ = MountTable(parsing: bytes)
            _ = MemInfo(parsing: bytes)
            _ = ProcStat(parsing: bytes).busy
            _ = LoadAverage(parsing: bytes)
            _ = VMStat.oomKills(bytes)
            _ = Pressure(parsing: bytes)
            return 1
        }
    }
}
