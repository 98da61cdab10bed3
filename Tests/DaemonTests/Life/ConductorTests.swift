// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Sampling
import Synchronization
import TestSupport
import Testing
import Threads
import Vitals

@testable import vitald

@Suite("The conductor")
struct ConductorTests {
    @Test("notices a pause of the daemon even when a beat wakes it before its own timer does")
    func pauseBehindABeat() throws {
        let clock = HandClock()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { LoopGroups.retire(group) }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        let (reading, writing) = (ends[0], ends[1])
        defer {
            close(reading)
            close(writing)
        }

        try group.next().submit {
            let conductor = Self.conductor(clock, group.next(), log: writing)
            conductor.start()
            // The process did not run for a minute; what has waited in the socket is served first.
            clock.advance(.seconds(60))
            conductor.wake()
            conductor.close()
        }.wait()

        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(reading, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        #expect(text.firstRange(of: "vitald did not run for") != nil, "\(text)")
    }

    @Test(
        "a passive kind that it has never heard of is configured, recorded, paused and not run, through its feed alone"
    )
    func unknownFeed() throws {
        let clock = HandClock()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(silence) }
        let feed = NotedFeed()
        let board = Board(epoch: "test")
        let answers = Mutex<[String]>([])
        var definition = CheckDefinition(name: "noted", type: NotedKind.type)
        definition.fedBy = NotedKind.item
        let check = ConfiguredCheck(definition: definition, kind: NotedKind())

        try group.next().submit {
            let conductor = Self.conductor(
                clock, group.next(), log: silence, checks: [check], feeds: [feed], board: board)
            conductor.start()
            conductor.run("noted") { answer in
                if case .notRunnable(let why) = answer { answers.withLock { $0.append(why) } }
            }
            clock.advance(.seconds(60))
            conductor.wake()
            conductor.replace([])
            conductor.close()
        }.wait()

        #expect(answers.withLock { $0 } == ["it is fed by pushes: send it a push.check"])
        let notes = feed.notes.withLock { $0 }
        #expect(notes.checks == [["noted"], []] && notes.pauses == 1)
        let change = try #require(board.changes(of: "noted").first)
        #expect(change.transition == .state(from: .pending, to: .degraded) && change.cause.reason == "noted")
    }

    private static func conductor(
        _ clock: HandClock, _ loop: any EventLoop, log: Int32, checks: [ConfiguredCheck] = [],
        feeds: [any Feed] = [], board: Board = Board(epoch: "test")
    ) -> Conductor {
        let tallies = TallyBook()
        let kernel = KernelLane(
            roots: KernelRoots(), options: KernelOptions(), time: clock, tallies: tallies)
        return Conductor(
            checks,
            Conductor.Equipment(
                loop: loop,
                context: ProbeContext(
                    time: clock, lanes: Lanes(), eventLoop: loop, kernel: kernel, procRoot: "/proc",
                    helperProgram: "/proc/self/exe"),
                board: board, feeds: feeds,
                log: EventLog(.text(descriptor: log), threshold: .debug, time: clock, tallies: tallies),
                pulse: Pulse(), generation: TickGeneration(), period: .seconds(1), seed: 1))
    }
}

/// A passive kind of no module.
private struct NotedKind: PassiveKind {
    static let type = "noted"
    static let item = PushItem.Kind.check
    var target: ShownTarget { ShownTarget(words: "a note") }

    init() {}
    init(reading object: inout ConfigurationObject) {}

    static func makeFeed(wake: @escaping @Sendable () -> Void) -> any Feed { NotedFeed() }
}

/// Notes what it is asked; has one warning to record.
private final class NotedFeed: Feed {
    struct Notes {
        var checks: [[String]] = []
        var pauses = 0
        var isTold = false
    }

    let item = PushItem.Kind.check
    let notes = Mutex(Notes())

    func take(_ item: PushItem, from source: PushSource, at received: Instant) throws(PushRefusal) {}

    func closed(_ connection: ConnectionID, at instant: Instant) {}

    func replace(_ checks: [ConfiguredCheck], at now: Instant) {
        notes.withLock { $0.checks.append(checks.map(\.definition.name)) }
    }

    func results(at now: Instant) -> [(check: String, result: ProbeResult)] {
        notes.withLock { notes in
            defer { notes.isTold = true }
            return notes.isTold ? [] : [("noted", ProbeResult(.warn, reason: "noted", message: "seen"))]
        }
    }

    func nextDeadline(after now: Instant) -> Instant? { nil }

    func timeJumped(at now: Instant) { notes.withLock { $0.pauses += 1 } }
}
