// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Synchronization
import TestSupport
import Vitals

/// A server on a loop of its own, with everything behind it in the hands of a test.
final class House: Sendable {
    struct FixedTime: TimeSource {
        var now: Instant { Instant(nanoseconds: 5_000_000_000) }
        var wall: WallTime { ReportSample.wall }
        var sinceBoot: Duration { .seconds(5) }
    }

    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let board: Board
    let tallies = TallyBook()
    let generation = TickGeneration()
    let kernel: FakeKernel
    let heartbeats = FakeHeartbeats()
    let server: HTTPServer
    let port: Int
    private let sockets = Mutex<[String]>([])

    init(
        _ checks: [CheckReport] = [
            ReportSample.check("db", "postgres"), ReportSample.check("cache", "redis"),
        ],
        kernel: FakeKernel = FakeKernel(), routes: [any Route.Type] = RouteCatalog.all,
        rules: [any RequestRule] = [], peers: PeerInspection = PeerInspection(resolver: nil),
        limits change: (inout HTTPLimits) -> Void = { _ in },
        remark: @escaping @Sendable (HandshakeRemark) -> Void = { _ in }
    ) throws {
        board = Board(epoch: "e", report: ReportSample.report(checks))
        self.kernel = kernel
        var limits = HTTPLimits()
        change(&limits)
        server = HTTPServer(
            loop: group.next(), board: board, kernel: kernel, tallies: tallies, time: FixedTime(),
            identity: ServiceIdentity(name: "agno-data-api", labels: [("team", "data")], version: "1.2.3"),
            generation: generation, sink: heartbeats, limits: limits, routes: routes, rules: rules,
            inspection: peers,
            remark: remark)
        let address = try server.listen(on: SocketAddress(ipAddress: "127.0.0.1", port: 0)).wait()
        port = address.port ?? 0
    }

    deinit {
        for path in sockets.withLock({ $0 }) { unlink(path) }
        _ = server.drain(within: .zero)
        LoopGroups.retire(group)
    }

    /// Serves a Unix socket as well; gives its path, which is gone with the house.
    func listenLocally() throws -> String {
        let path = Tool.scratchPath(".sock")
        sockets.withLock { $0.append(path) }
        _ = try server.listen(on: SocketAddress(unixDomainSocketPath: path)).wait()
        return path
    }

    /// Puts rules for TCP in force; passwords are compared on a thread of their own.
    func replace(_ access: HTTPAccess) throws {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        try replace(access) { job in threads.submit { _ in job() } }
    }

    /// Puts rules for TCP in force; passwords are compared as the test says.
    func replace(_ access: HTTPAccess, lane: @escaping HTTPServer.Lane) throws {
        try group.next().submit { [server] in server.replaceAccess(access, lane: lane) }.wait()
    }

    /// Waits until the loop has done what it was given so far.
    func settle() throws { try group.next().submit {}.wait() }

    func client() throws -> RawClient { try RawClient(port: port) }

    /// One request on a connection of its own.
    func get(_ target: String, _ headers: String = "", method: String = "GET") throws -> RawClient.Answer {
        try client().get(target, headers, method: method)
    }

    /// Hangs up another report.
    func show(_ checks: [CheckReport], _ change: (inout Report) -> Void = { _ in }) {
        var report = ReportSample.report(checks)
        report.made = Instant(nanoseconds: board.report.made.nanoseconds + 1)
        change(&report)
        board.publish(report, [])
    }

    /// How often a request of this route and code was counted.
    func count(_ route: String, _ code: Int) -> Int64 {
        tallies.tally(
            MetricFamily("vitald_http_requests_total", .counter, "Help."),
            [("route", route), ("code", "\(code)")]
        ).value
    }

    /// How often this was dropped for this reason.
    func dropped(_ what: String, _ reason: String) -> Int64 {
        tallies.tally(
            MetricFamily("vitald_dropped_total", .counter, "Help."), [("what", what), ("reason", reason)]
        ).value
    }

    /// How many heartbeats were pushed with this result.
    func pushed(_ result: String) -> Int64 {
        tallies.tally(
            MetricFamily("vitald_push_items_total", .counter, "Help."),
            [("door", "http"), ("kind", "heartbeat"), ("result", result)]
        ).value
    }

    /// Turns the loop until a condition holds; false when it did not within a minute.
    func reaches(_ condition: @escaping @Sendable () -> Bool) -> Bool {
        let promise = group.next().makePromise(of: Bool.self)
        let end = NIODeadline.now() + .seconds(60)
        @Sendable func look() {
            if condition() { return promise.succeed(true) }
            if NIODeadline.now() > end { return promise.succeed(false) }
            group.next().scheduleTask(in: .milliseconds(1)) { look() }
        }
        group.next().execute { look() }
        return (try? promise.futureResult.wait()) ?? false
    }
}
