// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import Publishing

/// A clock that a test moves by hand.
final class HandClock: TimeSource {
    private let time = Mutex<Int64>(1_000_000_000)

    var now: Instant { Instant(nanoseconds: time.withLock { $0 }) }
    var wall: WallTime { WallTime(nanoseconds: time.withLock { $0 }) }
    var sinceBoot: Duration { .nanoseconds(time.withLock { $0 }) }

    func advance(by duration: Duration) { time.withLock { $0 += duration.nanoseconds } }
}

/// A kernel with two containers, answering from a thread of its own as the sampler's lane does.
struct SceneKernel: KernelReading {
    static let web: ContainerFigures = {
        var identity = ContainerIdentity(id: "/system.slice/docker-1.scope")
        identity.name = "web"
        identity.image = "nginx:1"
        identity.runtime = "docker"
        var figures = ContainerFigures(identity: identity)
        figures.cpuPercentOfCore = 12.5
        figures.memoryBytes = 3 * 1_048_576
        figures.memoryLimit = .limited(ByteCount(6 * 1_048_576))
        figures.memoryPercent = 50
        figures.networkReceivedBytes = 524_288
        figures.populated = true
        return figures
    }()
    static let unit: ContainerFigures = {
        var identity = ContainerIdentity(id: "/system.slice/cron.service")
        identity.unit = "cron.service"
        var figures = ContainerFigures(identity: identity)
        figures.memoryLimit = .unlimited
        figures.populated = false
        return figures
    }()

    func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) {
        onLane {
            var sheet = Sheet()
            sheet.begin(MetricFamily("container_cpu_usage_seconds_total", .counter, "CPU."))
            sheet.add(.micros(1_500_000), sheet.labels([("id", "/a\\x2d\"b\n"), ("name", "")]))
            sheet.begin(MetricFamily("machine_cpu_cores", .gauge, "Cores."))
            sheet.add(.integer(2))
            use(sheet)
        }
    }

    func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        onLane { use(ContainerAnswer([Self.web, Self.unit].filter { selection.picks($0.identity) })) }
    }

    func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) {
        onLane { use(ContainerAnswer([Self.unit])) }
    }

    func host(_ use: @escaping @Sendable (HostFigures) -> Void) {
        onLane {
            var host = HostFigures()
            host.cores = 2
            use(host)
        }
    }

    private func onLane(_ work: @escaping @Sendable () -> Void) {
        NIOThreadPool.singleton.submit { _ in work() }
    }
}

/// A control that notes what it was asked.
final class SceneControl: Control {
    let refusals: [String]

    init(refusals: [String] = []) { self.refusals = refusals }

    func runCheck(_ name: String, _ completion: @escaping @Sendable (RunAnswer) -> Void) {
        switch name {
        case "cache":
            completion(.completed(CheckReport(definition: CheckDefinition(name: name, type: "redis"))))
        case "agent": completion(.notRunnable("it is fed by pushes"))
        default: completion(.unknownCheck)
        }
    }

    func reload(_ completion: @escaping @Sendable (ReloadAnswer) -> Void) {
        completion(
            refusals.isEmpty
                ? .reloaded(ReloadSummary(generation: 2, added: ["queue"], unchanged: 1)) : .refused(refusals)
        )
    }
}

/// A sink with one check for each kind of item, `agent_responsive`.
final class SceneSink: PushSink {
    let items = Mutex<[(item: PushItem, source: PushSource)]>([])
    let ends = Mutex<[ConnectionID]>([])

    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal) {
        guard item.name == "agent_responsive" else {
            throw .unknownCheck(type: item.kind.rawValue, name: item.name)
        }
        items.withLock { $0.append((item, source)) }
    }

    func closed(_ connection: ConnectionID, at instant: Instant) { ends.withLock { $0.append(connection) } }
}

/// A journal with one error of one unit.
struct SceneJournal: JournalAnswering {
    static let line = LogsQuery.Line(
        time: "2026-11-25T06:00:00Z", priority: "err", unit: "agent.service", identifier: "agent", pid: 77,
        message: "disk full", messageID: nil)

    func logs(unit: String, limit: Int) -> LogsQuery.Reply {
        let units = [LogsQuery.Unit(unit: "agent.service", lines: [Self.line])]
            .filter { Glob.matches(unit, $0.unit) }
        return LogsQuery.Reply(units: units, lag: 0, enabled: true, missing: ["limit \(limit)"])
    }
}

/// A server on a loop of its own, at a path of its own.
final class SocketScene: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let board: Board
    let clock = HandClock()
    let tallies = TallyBook()
    let sink = SceneSink()
    let directory: TemporaryDirectory
    let path: String
    let server: SocketServer
    private let listening: ListeningSocket

    init(
        limits: SocketLimits = SocketLimits(), access: SocketAccess = .standard(ownUser: geteuid()),
        inspection: PeerInspection = PeerInspection(resolver: nil), control: SceneControl = SceneControl()
    ) throws {
        var report = Report()
        report.reason = nil
        report.started = true
        report.ready = true
        report.sequence = 3
        for name in ["cache", "agent"] {
            var check = CheckReport(definition: CheckDefinition(name: name, type: "redis"))
            check.level = .healthy
            check.phase = .active
            report.checks.append(check)
        }
        board = Board(epoch: "e1", report: report)
        directory = try TemporaryDirectory()
        path = directory.path + "/v.sock"
        listening = try SocketPath(path).listen()
        let audits = AuditNotes()
        notes = audits
        let tallies = tallies
        let sink = sink
        var equipment = SocketServer.Equipment(
            board: board, clock: clock, tallies: tallies, access: access, inspection: inspection,
            name: "vitald/test", audit: { audits.add($0.description) },
            gone: { sink.closed($0, at: $1) })
        equipment.limits = limits
        let sources = HandlerCatalog.Sources(
            board: board, kernel: SceneKernel(),
            sheets: {
                var sheet = Sheet()
                tallies.fill(&sheet)
                return [sheet]
            }, examiner: SceneExaminer(), journal: SceneJournal(), pushes: sink,
            control: control)
        server = SocketServer(
            loop: group.any(), equipment: equipment,
            handlers: HandlerCatalog.all(sources))
        try server.listen(descriptor: listening.descriptor).wait()
    }

    let notes: AuditNotes

    deinit {
        // The server lives on the loop; it ends with its threads.
        LoopGroups.retire(group)
    }

    func peer() throws -> RawPeer { try RawPeer(path) }

    /// Closes the server when this was done; the loop stands still meanwhile, so that the kernel holds what was sent.
    func closeBehind(_ work: () throws -> Void) rethrows -> EventLoopFuture<Void> {
        let gate = Gate()
        group.any().execute { gate.wait() }
        defer { gate.open() }
        try work()
        return server.close()
    }

    /// What one line is answered with.
    func ask(_ line: String) throws -> String {
        let peer = try peer()
        try peer.send(line + "\n")
        return try peer.line()
    }

    func count(_ family: MetricFamily, _ labels: [String: String]) -> Int64 {
        tallies.values(of: family).filter { row in
            Dictionary(uniqueKeysWithValues: row.labels.map { ($0.name, $0.value) }) == labels
        }.map(\.value).reduce(0, +)
    }

    /// A change of one check, hung up as the judge does.
    func publish(_ check: String, to level: Level) {
        var report = board.report
        report.sequence += 1
        let change = HealthChange(
            sequence: report.sequence, subject: .check(check),
            .state(from: .healthy, to: HealthState(level, .active)),
            cause: .init("timeout.connect", message: "no answer"), wall: WallTime(nanoseconds: 0))
        board.publish(report, [change])
    }
}

/// Audit lines as they come.
final class AuditNotes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A directory that goes with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/vitald-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw IOFailure(what: "mkdtemp", code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        guard let entries = opendir(path) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { _ = unlink(path + "/" + name) }
        }
        closedir(entries)
        rmdir(path)
    }
}

/// A system call that did not do what a test needs.
struct IOFailure: Error, CustomStringConvertible {
    let what: String
    let code: CInt
    var description: String { "\(what): errno \(code)" }
}

/// A client of raw bytes, blocking with a deadline.
final class RawPeer {
    let descriptor: CInt
    private var pending: [UInt8] = []
    /// How long a test waits for what must come.
    static let patience: CInt = 20_000

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = UnixAddress(path).with { connect(descriptor, $0, $1) }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw IOFailure(what: "connect", code: code)
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw IOFailure(what: "send", code: errno) }
            sent += count
        }
    }

    /// Whether the kernel takes these bytes without a wait.
    func offers(_ bytes: [UInt8]) -> Bool {
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        return count == bytes.count
    }

    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// The next line without its line feed; throws at the end of the stream.
    func line() throws -> String {
        guard let line = try lineOrEnd() else { throw IOFailure(what: "the stream ended", code: 0) }
        return line
    }

    /// The next line, or nil at the end of the stream.
    func lineOrEnd() throws -> String? {
        while true {
            if let newline = pending.firstIndex(of: 0x0A) {
                let line = String(decoding: pending[..<newline], as: UTF8.self)
                pending.removeSubrange(...newline)
                return line
            }
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, Self.patience) > 0 else {
                throw IOFailure(what: "nothing came", code: errno)
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 || count < 0 && errno == ECONNRESET { return nil }
            guard count > 0 else { throw IOFailure(what: "recv", code: errno) }
            pending.append(contentsOf: chunk[..<count])
        }
    }

    /// The value of a line.
    func value() throws -> JSONValue { try JSONDocument(parsing: Array(try line().utf8)).root }
}

/// Waits until a condition holds; false when it did not within the deadline.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<2000 {
        if try condition() { return true }
        _ = poll(nil, 0, 10)
    }
    return false
}

/// Finds one thing in order and one that is not.
struct SceneExaminer: Examining {
    func examine(_ use: @escaping @Sendable ([Diagnosis]) -> Void) {
        use([
            Diagnosis("cgroup", .ok, "version 2"),
            Diagnosis("journal", .missing, "there is none", remedy: "Start systemd-journald."),
        ])
    }
}
