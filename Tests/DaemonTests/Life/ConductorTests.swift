// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import Publishing
import Receiving
import Sampling
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
        defer { group.shutdownGracefully { _ in } }
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

    private static func conductor(_ clock: HandClock, _ loop: any EventLoop, log: Int32) -> Conductor {
        let tallies = TallyBook()
        let kernel = KernelLane(
            roots: KernelRoots(), options: KernelOptions(), time: clock, tallies: tallies)
        return Conductor(
            [],
            Conductor.Equipment(
                loop: loop,
                context: ProbeContext(
                    time: clock, lanes: Lanes(), eventLoop: loop, kernel: kernel, procRoot: "/proc",
                    helperProgram: "/proc/self/exe"),
                board: Board(epoch: "test"), heartbeats: HeartbeatStore(checks: [], at: clock.now),
                log: EventLog(.text(descriptor: log), threshold: .debug, time: clock, tallies: tallies),
                pulse: Pulse(), generation: TickGeneration(), period: .seconds(1), seed: 1))
    }
}
