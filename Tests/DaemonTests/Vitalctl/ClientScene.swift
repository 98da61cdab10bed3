// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Receiving
import TestSupport
import Vitals

/// The socket of a daemon in this process, at a path that outlives it.
final class ClientScene {
    let board: Board
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let server: SocketServer
    private let listening: ListeningSocket

    init(at path: String, epoch: String) throws {
        var report = Report()
        report.reason = nil
        report.ready = true
        report.sequence = 1
        report.since = WallTime(nanoseconds: 1_000_000_000)
        var check = CheckReport(definition: CheckDefinition(name: "cache", type: "redis"))
        check.level = .healthy
        check.phase = .active
        check.last = ProbeResult(.pass, message: "PONG")
        report.checks = [check]
        board = Board(epoch: epoch, report: report)
        listening = try SocketPath(path).listen()
        let sources = HandlerCatalog.Sources(
            board: board, kernel: Kernel(), sheets: { [] }, examiner: SceneExaminer(), journal: Journal(),
            pushes: Sink(), control: Administration())
        server = SocketServer(
            loop: group.any(),
            equipment: .init(
                board: board, clock: Ticking(), tallies: TallyBook(), access: .standard(ownUser: geteuid()),
                inspection: PeerInspection(resolver: nil), name: "vitald/test"),
            handlers: HandlerCatalog.all(sources))
        try server.listen(descriptor: listening.descriptor).wait()
    }

    /// Ends as a daemon does.
    func end() throws {
        try server.close().wait()
        listening.release()
        LoopGroups.retire(group)
    }

    func publish(to level: Level) {
        var report = board.report
        report.sequence += 1
        report.checks[0].level = level
        let change = HealthChange(
            sequence: report.sequence, subject: .check("cache"),
            .state(from: .healthy, to: HealthState(level, .active)),
            cause: .init("refused", message: "m\(report.sequence)"), wall: WallTime(nanoseconds: 0))
        board.publish(report, [change])
    }

    private struct Ticking: TimeSource {
        var now: Instant { Instant(nanoseconds: 0) }
        var wall: WallTime { WallTime(nanoseconds: 0) }
        var sinceBoot: Duration { .zero }
    }

    private struct Sink: PushSink {
        func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal) {
            guard item.name == "agent" else {
                throw .unknownCheck(type: item.kind.rawValue, name: item.name)
            }
        }

        func closed(_ connection: ConnectionID, at instant: Instant) {}
    }

    private struct Journal: JournalAnswering {
        func logs(unit: String, limit: Int) -> LogsQuery.Reply {
            let line = LogsQuery.Line(
                time: "2026-11-25T06:00:00Z", priority: "err", unit: "agent.service", identifier: "agent",
                pid: 77, message: "disk full\u{1B}[2J", messageID: nil)
            let units = [LogsQuery.Unit(unit: "agent.service", lines: [line])]
            return LogsQuery.Reply(
                units: units.filter { Glob.matches(unit, $0.unit) }, lag: 0, enabled: true, missing: [])
        }
    }

    private struct Administration: Control {
        func runCheck(_ name: String, _ completion: @escaping @Sendable (RunAnswer) -> Void) {
            completion(name == "cache" ? .notRunnable("it is switched off") : .unknownCheck)
        }

        func reload(_ completion: @escaping @Sendable (ReloadAnswer) -> Void) {
            completion(.refused(["checks[0].interval: too short.", "http: unknown."]))
        }
    }

    private struct Kernel: KernelReading {
        func withSheet(_ use: @escaping @Sendable (borrowing Sheet) -> Void) {
            var sheet = Sheet()
            sheet.begin(MetricFamily("x_total", .counter, "X."))
            sheet.add(.micros(1_250_000), sheet.labels([("id", "/a\"b")]))
            use(sheet)
        }

        func containers(_ selection: Selection, _ use: @escaping @Sendable (ContainerAnswer) -> Void) {
            var figures = ContainerFigures(identity: ContainerIdentity(id: "/system.slice/cron.service"))
            figures.identity.unit = "cron.service"
            figures.identity.runtime = "systemd"
            figures.processes = 1
            use(ContainerAnswer(selection.picks(figures.identity) ? [figures] : []))
        }

        func own(_ use: @escaping @Sendable (ContainerAnswer) -> Void) { use(ContainerAnswer()) }

        func host(_ use: @escaping @Sendable (HostFigures) -> Void) { use(HostFigures()) }
    }
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
