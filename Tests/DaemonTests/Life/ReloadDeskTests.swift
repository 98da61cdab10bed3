// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import vitald

@Suite("The desk for reloads")
struct ReloadDeskTests {
    /// What the desk did, in order, and readings that the test lets go on.
    private final class Stage: Sendable {
        let done = Mutex<[String]>([])
        let readings = Mutex<[Gate]>([])
        /// Readings that came to their end.
        let back = Mutex(0)

        func note(_ what: String) { done.withLock { $0.append(what) } }
        var count: Int { readings.withLock { $0.count } }
        func gate(_ index: Int) -> Gate { readings.withLock { $0[index] } }

        /// Hangs until its gate opens, then is a configuration of that name.
        func read(_ place: ReadingPlace) -> ReloadDesk.Outcome {
            place.enter("/mnt/ca.pem")
            let gate = Gate()
            let number = readings.withLock { list in
                list.append(gate)
                return list.count
            }
            gate.wait()
            defer { back.withLock { $0 += 1 } }
            do throws(ConfigurationRefusal) {
                return .success(try Museum.read(#"{"name": "reading \#(number)"}"#))
            } catch {
                return .failure(error)
            }
        }
    }

    /// A desk on a loop of its own, and what its answers said.
    private final class Office: Sendable {
        let stage = Stage()
        let desk: NIOLoopBound<ReloadDesk>
        /// One that outlives late readings.
        let loop = MultiThreadedEventLoopGroup.singleton.next()

        init(deadline: Duration) throws {
            desk = try loop.submit { [stage, loop] in
                NIOLoopBound(
                    ReloadDesk(
                        loop: loop, source: .named("/etc/vitald/config.json"), deadline: deadline,
                        duties: ReloadDesk.Duties(
                            read: { stage.read($0) }, begin: { stage.note("begin") },
                            settle: { outcome in
                                switch outcome {
                                case .success(let configuration):
                                    stage.note("take \(configuration.name)")
                                    return .reloaded(ReloadSummary(generation: 2))
                                case .failure(let refusal):
                                    stage.note("refuse: \(refusal.summary)")
                                    return .refused(refusal.sentences)
                                }
                            })), eventLoop: loop)
            }.wait()
        }

        deinit {
            for gate in stage.readings.withLock({ $0 }) { gate.open() }
        }

        func ask(_ who: String) throws {
            try loop.submit { [desk, stage] in
                desk.value.reload { answer in
                    switch answer {
                    case .reloaded: stage.note("\(who) reloaded")
                    case .refused(let sentences): stage.note("\(who) refused: \(sentences.first ?? "")")
                    }
                }
            }.wait()
        }

        var said: [String] { stage.done.withLock { $0 } }

        func until(_ condition: @escaping (Office) -> Bool) async throws {
            try await Wait.until("what the desk was to do; it did: \(said)") { condition(self) }
        }
    }

    private static let silence =
        "\"/mnt/ca.pem\" was not read within 50ms: its file system hangs. Check whether its server or its "
        + "disk is alive, then try again."

    @Test("who asks while a reading is under way gets the next one, and all of those share it")
    func queue() async throws {
        let office = try Office(deadline: .seconds(60))
        try office.ask("a")
        try await office.until { $0.stage.count == 1 }
        try office.ask("b")
        try office.ask("c")
        #expect(office.stage.count == 1, "one reading at a time")

        office.stage.gate(0).open()
        try await office.until { $0.stage.count == 2 }
        office.stage.gate(1).open()

        try await office.until { $0.said.contains("c reloaded") }
        #expect(
            office.said == [
                "begin", "take reading 1", "a reloaded", "begin", "take reading 2", "b reloaded",
                "c reloaded",
            ])
    }

    @Test("a reading that hangs is given up with the file's name, and what it brings late is thrown away")
    func late() async throws {
        let office = try Office(deadline: .milliseconds(50))
        try office.ask("a")
        try await office.until { $0.said.count == 3 }
        #expect(office.said == ["begin", "refuse: \(Self.silence)", "a refused: \(Self.silence)"])

        office.stage.gate(0).open()
        try await office.until { $0.stage.back.withLock { $0 } == 1 }
        // The next one is told apart from it.
        try office.ask("b")
        try await office.until { $0.said.contains { $0.hasPrefix("b ") } }
        #expect(!office.said.contains("take reading 1"))
    }

    @Test("four hanging readings are enough: the fifth wish is refused at once, until one of them is back")
    func exhausted() async throws {
        let office = try Office(deadline: .milliseconds(1))
        for wish in 1...ReloadDesk.hungLimit {
            try office.ask("\(wish)")
            try await office.until { office in office.said.contains { $0.hasPrefix("\(wish) refused") } }
        }
        try await office.until { $0.stage.count == ReloadDesk.hungLimit }
        try office.ask("e")
        #expect(
            office.said.last
                == "e refused: 4 earlier readings still hang. Check whether the servers and disks of its files are "
                + "alive, or restart vitald.")
        #expect(office.stage.count == ReloadDesk.hungLimit)

        office.stage.gate(0).open()
        try await office.until { office in
            try? office.ask("f")
            return office.stage.count > ReloadDesk.hungLimit
        }
    }

    @Test("at the end whoever waits is told so, and nothing is read any more")
    func close() async throws {
        let office = try Office(deadline: .seconds(60))
        try office.ask("a")
        try office.ask("b")
        try await office.loop.submit { [desk = office.desk] in desk.value.close() }.get()
        try office.ask("c")

        let farewell = "vitald is shutting down"
        #expect(office.said == ["begin"] + ["a", "b", "c"].map { "\($0) refused: \(farewell)" })
    }
}
