// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import vitald

/// What the keeper is shown, and what it asked for.
private final class Record: Sendable {
    let submitted = Atomic<UInt64>(0)
    let asked = Mutex([String]())
    let looks = Mutex([ListenerRecord.Look]())

    func note(_ what: String) { asked.withLock { $0.append(what) } }
}

/// A keeper in front of a real event loop and a real notify socket, with a clock moved by hand.
private final class Stage {
    let clock = HandClock()
    let manager: DatagramReader
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let pulse = Pulse()
    let tallies = TallyBook()
    let record = Record()
    var ticking = true
    var judging = true
    var questions: [Keeper.Errand] = []

    init() throws { manager = try DatagramReader() }

    deinit { LoopGroups.retire(group) }

    func watch(_ window: Duration? = .seconds(30)) -> KeeperWatch {
        let loop = group.next()
        let (pulse, clock, record) = (pulse, clock, record)
        return KeeperWatch(
            Keeper.Surroundings(
                time: clock, notifier: Notifier(socket: manager.path),
                log: EventLog(.json(descriptor: -1), threshold: .critical, time: clock, tallies: tallies),
                tallies: tallies, pulse: pulse,
                samplerProgress: { (record.submitted.load(ordering: .relaxed), 0) },
                generation: { 1 }, onLoop: { job in loop.execute(job) }, questions: questions,
                listeners: { record.looks.withLock { $0 } },
                watching: window,
                reload: { record.note("reload") }, stop: { record.note("stop") },
                giveUp: { record.note("give up \($0)") }))
    }

    /// Lets five seconds pass, as the watchdog's period is, with everything that moves moving.
    func pass(_ watch: inout KeeperWatch, waitForLoop: Bool = true) throws {
        if ticking { pulse.schedulerTicked(lateness: .zero) }
        if judging { pulse.boardTicked() }
        // What the keeper put to the loop stands before this, so it has run when this has.
        if waitForLoop { try group.next().submit {}.wait() }
        clock.advance(.seconds(5))
        watch.wake(-1)
    }

    func heard() -> [String] {
        var all: [String] = []
        while let datagram = manager.next(within: 0) { all.append(datagram) }
        return all
    }
}

@Suite("The keeper")
struct KeeperTests {
    /// What the manager hears when one part stands still and the others move: the verdict with the table of all.
    private static func verdict(_ stalled: String) -> String {
        let table = ["scheduler", "loop", "sampler", "board"].map { part in
            part == stalled ? "\(part) still for 3 looks" : "\(part) ok"
        }
        return "STATUS=watchdog: \(stalled) stalled (\(table.joined(separator: ", ")))\nWATCHDOG=trigger"
    }

    @Test("while everything moves, the manager hears a beat every sixth of its window")
    func beats() throws {
        let stage = try Stage()
        var watch = stage.watch()

        for _ in 0..<6 { try stage.pass(&watch) }

        #expect(stage.heard() == Array(repeating: "WATCHDOG=1", count: 6))
    }

    @Test("nobody who did not ask for a beat hears one, nor a verdict")
    func unwatched() throws {
        let stage = try Stage()
        var watch = stage.watch(nil)
        for _ in 0..<3 { try stage.pass(&watch) }
        stage.ticking = false

        for _ in 0..<4 { try stage.pass(&watch) }

        #expect(stage.heard().isEmpty)
        #expect(stage.tallies.tally(OwnFamilies.watchdogMisses, [("source", "scheduler")]).value > 0)
    }

    @Test("a loop that is stuck silences the beat at once and is named within three looks")
    func stuckLoop() throws {
        let stage = try Stage()
        var watch = stage.watch()
        try stage.pass(&watch)
        try stage.group.next().submit {}.wait()
        let gate = Gate()
        stage.group.next().execute { gate.wait() }

        for _ in 0..<4 { try stage.pass(&watch, waitForLoop: false) }
        gate.open()

        let heard = stage.heard()
        // The first look after the block still finds the echo asked for before it.
        #expect(heard.filter { $0 == "WATCHDOG=1" }.count <= 2)
        #expect(heard.last == Self.verdict("loop"))
    }

    @Test("a scheduler that does not tick is named")
    func stuckScheduler() throws {
        let stage = try Stage()
        var watch = stage.watch()
        stage.ticking = false

        for _ in 0..<3 { try stage.pass(&watch) }

        #expect(stage.heard() == [Self.verdict("scheduler")])
    }

    @Test("a scheduler that ticks but is more than five seconds late is named as well")
    func lateScheduler() throws {
        let stage = try Stage()
        var watch = stage.watch()
        stage.ticking = false

        for _ in 0..<3 {
            stage.pulse.schedulerTicked(lateness: .milliseconds(5001))
            try stage.pass(&watch)
        }

        #expect(stage.heard() == [Self.verdict("scheduler")])
    }

    @Test("a board that is not judged is named")
    func stuckBoard() throws {
        let stage = try Stage()
        var watch = stage.watch()
        stage.judging = false

        for _ in 0..<3 { try stage.pass(&watch) }

        #expect(stage.heard() == [Self.verdict("board")])
    }

    @Test("a sampler that never finishes its job is named; an idle one is not")
    func stuckSampler() throws {
        let stage = try Stage()
        var watch = stage.watch()
        for _ in 0..<3 { try stage.pass(&watch) }
        #expect(stage.heard() == Array(repeating: "WATCHDOG=1", count: 3))

        stage.record.submitted.store(1, ordering: .relaxed)
        for _ in 0..<3 { try stage.pass(&watch) }

        #expect(stage.heard() == [Self.verdict("sampler")])
    }

    @Test(
        "a listening socket at which somebody waits while nobody is accepted is named, be it over TCP or not")
    func stuckListener() throws {
        let stage = try Stage()
        var watch = stage.watch()
        func show(_ progress: UInt64, isDue: Bool) {
            stage.record.looks.withLock { looks in
                looks = ["/run/vitald/vitald.sock", "127.0.0.1:9847"].map { name in
                    ListenerRecord.Look(
                        name: name, progress: name.hasPrefix("/") ? 0 : progress,
                        isDue: isDue && !name.hasPrefix("/"))
                }
            }
        }
        for progress in 0..<4 as Range<UInt64> {
            show(progress, isDue: true)
            try stage.pass(&watch)
        }
        for isDue in [false, false, true] {
            show(4, isDue: isDue)
            try stage.pass(&watch)
        }
        #expect(stage.heard() == Array(repeating: "WATCHDOG=1", count: 7))

        for _ in 0..<3 { try stage.pass(&watch) }

        #expect(
            stage.heard() == [
                "STATUS=watchdog: listeners stalled (scheduler ok, loop ok, sampler ok, board ok, "
                    + "listeners still for 3 looks)\nWATCHDOG=trigger"
            ])
    }

    @Test(
        "a question that waits at a socket whose accept(2) fails says nothing, and is not asked again meanwhile"
    )
    func heldUp() throws {
        let stage = try Stage()
        let answerer = try Answerer()
        stage.questions = [Keeper.Errand(source: .socket, question: .ping, path: answerer.path, isOwn: true)]
        var watch = stage.watch()
        for failures in 1...4 as ClosedRange<UInt64> {
            stage.record.looks.withLock {
                $0 = [
                    ListenerRecord.Look(
                        name: answerer.path, progress: failures, isDue: true, failures: failures,
                        isPaused: false)
                ]
            }
            try stage.pass(&watch)
        }
        #expect(stage.heard() == Array(repeating: "WATCHDOG=1", count: 4))
        #expect(answerer.waiting == 1)

        stage.record.looks.withLock {
            $0 = [ListenerRecord.Look(name: answerer.path, progress: 4, isDue: false, failures: 4)]
        }
        for _ in 0..<3 { try stage.pass(&watch) }

        let verdict = try #require(stage.heard().last)
        #expect(verdict.hasPrefix("STATUS=watchdog: socket stalled"), "accept(2) failed no more: \(verdict)")
    }

    @Test(
        "a question that waits behind others who are accepted says nothing, until it must have had its turn")
    func queued() throws {
        let stage = try Stage()
        let answerer = try Answerer()
        stage.questions = [Keeper.Errand(source: .socket, question: .ping, path: answerer.path, isOwn: true)]
        var watch = stage.watch()
        func pass(accepted: UInt64, isDue: Bool) throws -> String? {
            stage.record.looks.withLock {
                $0 = [ListenerRecord.Look(name: answerer.path, progress: accepted, isDue: isDue)]
            }
            try stage.pass(&watch)
            return stage.heard().last
        }

        for accepted in [1, 500, 1025] as [UInt64] {
            #expect(try pass(accepted: accepted, isDue: true) == "WATCHDOG=1")
        }
        #expect(try pass(accepted: 1026, isDue: true) == nil, "one more than there is room for in the queue")
        #expect(try pass(accepted: 1027, isDue: false) == nil)
        #expect(try pass(accepted: 1027, isDue: false)?.hasPrefix("STATUS=watchdog: socket stalled") == true)
    }

    @Test("after giving up no beat takes it back")
    func noBeatAfterTrigger() throws {
        let stage = try Stage()
        var watch = stage.watch()
        stage.ticking = false
        for _ in 0..<3 { try stage.pass(&watch) }
        stage.ticking = true

        for _ in 0..<3 { try stage.pass(&watch) }

        #expect(stage.heard() == [Self.verdict("scheduler")])
    }

    @Test("what stood still is counted by name")
    func counted() throws {
        let stage = try Stage()
        var watch = stage.watch()
        stage.judging = false

        for _ in 0..<2 { try stage.pass(&watch) }

        #expect(stage.tallies.tally(OwnFamilies.watchdogMisses, [("source", "board")]).value == 2)
    }

    @Test("being stopped for a minute is nobody's fault")
    func stopped() throws {
        let stage = try Stage()
        var watch = stage.watch()
        try stage.pass(&watch)
        _ = stage.heard()

        stage.clock.advance(.seconds(60))
        watch.wake(-1)
        try stage.pass(&watch)

        #expect(stage.heard() == ["WATCHDOG=1", "WATCHDOG=1"])
    }

    @Test("a hangup reloads, a first request to end stops, a second one ends at once")
    func signals() throws {
        let stage = try Stage()
        var watch = stage.watch()

        for signal in [SIGHUP, SIGTERM, SIGINT] { watch.wake(signal) }

        #expect(stage.record.asked.withLock { $0 } == ["reload", "stop", "give up 130"])
    }

    @Test("a stop that does not come to its end is cut short")
    func stopTakesTooLong() throws {
        let stage = try Stage()
        var watch = stage.watch()
        watch.wake(SIGTERM)

        stage.clock.advance(.seconds(13))
        watch.wake(-1)

        #expect(stage.record.asked.withLock { $0 } == ["stop", "give up 1"])
    }
}
