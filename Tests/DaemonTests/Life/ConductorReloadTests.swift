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

/// Attempts under way, connections and histories across a reload, with probes in the hands of the test.
@Suite("The conductor over a reload")
struct ConductorReloadTests {
    /// What the probes of a test were asked, and the answers that they owe.
    final class Stage: Sendable {
        struct Asked: Sendable {
            let probe: String
            let done: @Sendable (ProbeResult) -> Void
        }

        let asked = Mutex<[Asked]>([])
        let closed = Mutex<[String]>([])

        var probes: [String] { asked.withLock { $0.map(\.probe) } }

        /// Answers the attempt of this number.
        func answer(_ number: Int, _ outcome: Outcome, _ message: String, reason: Reason? = nil) {
            let done = asked.withLock { $0[number].done }
            done(ProbeResult(outcome, reason: reason, message: message))
        }
    }

    private final class StageProbe: Probe {
        let name: String
        let stage: Stage

        init(_ name: String, _ stage: Stage) {
            self.name = name
            self.stage = stage
        }

        func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
            stage.asked.withLock { $0.append(.init(probe: name, done: done)) }
        }

        func close() { stage.closed.withLock { $0.append(name) } }
    }

    private struct StageKind: ProbeKind {
        static let type = "stage"
        let name: String
        let stage: Stage
        var target: ShownTarget { ShownTarget(names: [name]) }

        init(reading object: inout ConfigurationObject) { self.init("", Stage()) }

        init(_ name: String, _ stage: Stage) {
            self.name = name
            self.stage = stage
        }

        func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
            StageProbe(name, stage)
        }
    }

    /// A conductor on a loop that the test turns.
    private final class Scene {
        let clock = HandClock()
        let loop: any EventLoop
        let board = Board(epoch: "test")
        let stage = Stage()
        private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        private let conductor: NIOLoopBoundBox<Conductor?>
        private let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)

        init(_ checks: (Scene.Maker) -> [ConfiguredCheck]) throws {
            loop = group.next()
            let (clock, loop, board, silence) = (clock, loop, board, silence)
            let made = checks(Maker(stage: stage))
            conductor = try loop.submit {
                let tallies = TallyBook()
                let kernel = KernelLane(
                    roots: KernelRoots(), options: KernelOptions(), time: clock, tallies: tallies)
                let conductor = Conductor(
                    made,
                    Conductor.Equipment(
                        loop: loop,
                        context: ProbeContext(
                            time: clock, lanes: Lanes(), eventLoop: loop, kernel: kernel, procRoot: "/proc",
                            helperProgram: "/proc/self/exe"),
                        board: board, feeds: [],
                        log: EventLog(
                            .text(descriptor: silence), threshold: .debug, time: clock, tallies: tallies),
                        pulse: Pulse(), generation: TickGeneration(), period: .seconds(1), seed: 1))
                conductor.start()
                return NIOLoopBoundBox<Conductor?>(conductor, eventLoop: loop)
            }.wait()
        }

        /// Makes checks.
        struct Maker {
            let stage: Stage

            func check(
                _ probe: String, asking question: String = "q",
                _ change: (inout CheckDefinition) -> Void = { _ in }
            ) -> ConfiguredCheck {
                var definition = CheckDefinition(name: "a", type: "stage")
                definition.question = question
                definition.probeFingerprint = probe
                change(&definition)
                return ConfiguredCheck(definition: definition, kind: StageKind(probe, stage))
            }
        }

        var make: Maker { Maker(stage: stage) }

        func turn(_ body: @escaping @Sendable (Conductor) -> Void = { _ in }) throws {
            let conductor = conductor
            try loop.submit { if let conductor = conductor.value { body(conductor) } }.wait()
            // What was handed to the loop meanwhile.
            try loop.submit {}.wait()
        }

        /// Lets time pass, in steps that are no pause, until the check is asked once more.
        func ask() throws {
            let before = stage.probes.count
            for _ in 0..<100 where stage.probes.count == before {
                clock.advance(.milliseconds(500))
                try turn { $0.wake() }
            }
        }

        func replace(_ checks: [ConfiguredCheck]) throws {
            try turn { $0.replace(checks) }
        }

        func end() throws {
            let conductor = conductor
            try loop.submit {
                conductor.value?.close()
                conductor.value = nil
            }.wait()
            LoopGroups.retire(group)
            close(silence)
        }

        var check: CheckReport? { board.report.check(named: "a") }
    }

    @Test(
        "a failure by time says nothing where vitald itself was late", arguments: ["slow", "timeout.connect"])
    func lag(_ reason: String) throws {
        let scene = try Scene { [$0.check("one") { $0.timeout = .seconds(5) }] }
        try scene.ask()

        scene.clock.advance(.seconds(5) + Scheduler.landingSlack + .seconds(2))
        scene.stage.answer(0, .fail, "took long", reason: Reason(reason))
        try scene.turn()

        #expect(scene.check?.last?.outcome == .unknown)
        #expect(scene.check?.last?.reason == "inconclusive.lag")
        try scene.end()
    }

    @Test("texts and thresholds of the judge keep the probe, and what is under way counts")
    func texts() throws {
        let scene = try Scene { [$0.check("one")] }
        try scene.ask()
        #expect(scene.stage.probes == ["one"])

        try scene.replace([
            scene.make.check("one") {
                $0.description = "text"
                $0.fall = 1
                $0.interval = .seconds(60)
            }
        ])
        scene.stage.answer(0, .pass, "before")
        try scene.turn()

        #expect(scene.check?.level == .healthy && scene.check?.last?.message == "before")
        #expect(scene.check?.runs == [1, 0, 0, 0] && scene.check?.discarded == 0)
        #expect(scene.board.history(of: "a").count == 1)
        #expect(scene.stage.closed.withLock { $0 }.isEmpty && scene.stage.probes == ["one"])
        try scene.end()
    }

    @Test("another question has another probe; what was under way says nothing of it, and is not late either")
    func otherQuestion() throws {
        let scene = try Scene { [$0.check("one")] }
        try scene.ask()
        scene.stage.answer(0, .pass, "first")
        try scene.turn()
        try scene.ask()
        #expect(scene.stage.probes == ["one", "one"] && scene.board.history(of: "a").count == 1)

        try scene.replace([scene.make.check("two", asking: "other")])
        scene.stage.answer(1, .fail, "of the old target")
        try scene.turn()

        #expect(scene.check?.phase == .pending && scene.check?.runs == [0, 0, 0, 0])
        #expect(scene.check?.discarded == 0 && scene.board.report.ready)
        #expect(
            scene.board.history(of: "a").isEmpty, "the history of the old target is not that of the new one")
        #expect(scene.stage.closed.withLock { $0 } == ["one"])
        #expect(scene.stage.probes.last == "two", "asked when the old one is back")
        scene.stage.answer(2, .fail, "of the new one")
        try scene.turn()
        #expect(
            scene.check?.level == .unhealthy
                && scene.board.history(of: "a").map(\.message) == ["of the new one"])
        try scene.end()
    }

    @Test(
        "thresholds of the kind and rotated passwords have another probe; who waits for a result gets its first one"
    )
    func otherThresholds() throws {
        let scene = try Scene { [$0.check("one")] }
        try scene.ask()
        scene.stage.answer(0, .pass, "first")
        try scene.turn()
        let since = scene.check?.since
        let told = Mutex<[String]>([])
        try scene.turn { conductor in
            conductor.run("a") { answer in
                if case .completed(let report) = answer {
                    told.withLock { $0.append(report.last?.message ?? "") }
                } else {
                    told.withLock { $0.append("\(answer)") }
                }
            }
        }
        #expect(scene.stage.probes == ["one", "one"])
        let sequence = scene.board.report.sequence

        try scene.replace([scene.make.check("two")])
        #expect(scene.stage.probes == ["one", "one"], "one connection at a time")
        #expect(scene.check?.level == .healthy && scene.check?.since == since)
        scene.stage.answer(1, .fail, "by the old thresholds")
        try scene.turn()
        #expect(scene.stage.probes == ["one", "one", "two"], "asked at once when the old one is back")
        #expect(scene.check?.runs == [1, 0, 0, 0] && scene.check?.discarded == 0)
        scene.stage.answer(2, .warn, "by the new ones")
        try scene.turn()

        #expect(scene.check?.runs == [1, 1, 0, 0] && scene.check?.last?.message == "by the new ones")
        #expect(told.withLock { $0 } == ["by the new ones"])
        #expect(scene.board.history(of: "a").count == 2 && scene.board.report.sequence == sequence)
        try scene.end()
    }

    @Test(
        "where the old attempt never comes back, the new probe is asked at its deadline; who asks meanwhile waits"
    )
    func hungAttempt() throws {
        let scene = try Scene { [$0.check("one")] }
        try scene.ask()
        let told = Mutex<[String]>([])

        for (probe, question) in [("two", "q"), ("three", "other")] {
            try scene.replace([scene.make.check(probe, asking: question)])
            try scene.turn { conductor in
                conductor.run("a") { answer in
                    if case .completed(let report) = answer {
                        told.withLock { $0.append(report.last?.message ?? "") }
                    }
                }
            }
            #expect(scene.stage.probes.last != probe)
            let start = scene.clock.now
            try scene.ask()
            #expect(scene.stage.probes.last == probe)
            #expect(scene.clock.now - start <= .milliseconds(5500), "the timeout is 5 s")
            #expect(scene.check?.runs == [0, 0, 0, 0])
        }
        scene.stage.answer(2, .pass, "at last")
        try scene.turn()

        #expect(told.withLock { $0 } == ["at last"], "the first one asked for what is no longer asked")
        #expect(scene.check?.level == .healthy && scene.check?.discarded == 0)
        try scene.end()
    }

    @Test("who waits for a check that asks something else now, or is gone, hears so")
    func waiters() throws {
        let scene = try Scene { [$0.check("one")] }
        let told = Mutex<[String]>([])
        let run: @Sendable (Conductor) -> Void = { conductor in
            conductor.run("a") { answer in told.withLock { $0.append("\(answer)") } }
        }
        try scene.turn(run)
        try scene.replace([scene.make.check("two", asking: "other")])
        try scene.turn(run)
        try scene.replace([])

        let answer = #"notRunnable("the configuration was replaced meanwhile")"#
        #expect(told.withLock { $0 } == [answer, answer])
        #expect(scene.stage.closed.withLock { $0 } == ["one", "two"])
        try scene.end()
    }

    @Test("two reloads right behind each other, the second of which takes the first back")
    func thereAndBack() throws {
        let scene = try Scene { [$0.check("one")] }
        try scene.ask()
        scene.stage.answer(0, .pass, "first")
        try scene.turn()

        try scene.replace([scene.make.check("two")])
        try scene.replace([scene.make.check("one")])

        #expect(scene.check?.level == .healthy && scene.check?.runs == [1, 0, 0, 0])
        #expect(scene.board.report.generation == 3 && scene.board.report.ready)
        #expect(scene.stage.closed.withLock { $0 } == ["one", "two"])
        try scene.ask()
        #expect(scene.stage.probes == ["one", "one"])
        try scene.end()
    }
}
