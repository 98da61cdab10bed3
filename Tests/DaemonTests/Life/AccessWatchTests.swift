// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Publishing
import Synchronization
import TestSupport
import Testing
import Vitals

@testable import vitald

@Suite("The watch over the files of TLS and logins")
struct AccessWatchTests {
    /// What looks see, each held until the test lets it go on, and what was heard of them.
    private final class Stage: Sendable {
        private struct State {
            var looks: [(files: [String], gate: Gate)] = []
            var findings: [AccessWatch.Finding] = []
            var heard: [String] = []
        }

        private let state = Mutex(State())

        /// What the next looks find; when all of it is found, nothing new.
        init(_ findings: [AccessWatch.Finding]) { state.withLock { $0.findings = findings } }

        var looks: [[String]] { state.withLock { $0.looks.map(\.files) } }
        var heard: [String] { state.withLock { $0.heard } }

        func look(_ plan: AccessPlan) -> AccessWatch.Finding {
            let gate = Gate()
            state.withLock { $0.looks.append((plan.files, gate)) }
            gate.wait()
            return state.withLock { $0.findings.isEmpty ? .same : $0.findings.removeFirst() }
        }

        func hear(_ finding: AccessWatch.Finding) {
            let word =
                switch finding {
                case .same: "same"
                case .renewed: "renewed"
                case .unusable: "unusable"
                }
            state.withLock { $0.heard.append(word) }
        }

        /// Lets all looks so far go on.
        func open() { for gate in state.withLock({ $0.looks.map(\.gate) }) { gate.open() } }
    }

    /// A watch on a loop of its own.
    private final class Tower: Sendable {
        let stage: Stage
        private let loop = MultiThreadedEventLoopGroup.singleton.next()
        private let watch: NIOLoopBound<AccessWatch>

        init(_ findings: AccessWatch.Finding...) throws {
            let stage = Stage(findings)
            self.stage = stage
            watch = try loop.submit { [loop] in
                NIOLoopBound(
                    AccessWatch(
                        loop: loop, pause: .milliseconds(1), look: { stage.look($0) },
                        settle: { stage.hear($0) }), eventLoop: loop)
            }.wait()
        }

        deinit {
            try? loop.submit { [watch] in watch.value.close() }.wait()
            stage.open()
        }

        func watch(tokens: String...) throws {
            var plan = AccessPlan()
            plan.auth = AccessPlan.Auth(tokenFiles: tokens)
            try loop.submit { [watch, plan] in watch.value.watch(plan) }.wait()
        }

        /// Lets some turns of the loop and more than the pause pass.
        func rest() throws {
            for _ in 0..<5 { try loop.scheduleTask(in: .milliseconds(2)) {}.futureResult.wait() }
        }
    }

    private static let renewed = AccessWatch.Finding.renewed(HTTPAccess(), FileStamps(of: ["/"]))
    private static let unusable = AccessWatch.Finding.unusable(
        AccessPlan.Refusal(faults: []), FileStamps(of: ["/dev"]))

    @Test("every change is heard of once, in order, and looks without one are not")
    func hears() async throws {
        let tower = try Tower(.same, Self.renewed, .same, Self.unusable)
        try tower.watch(tokens: "/a")

        try await Wait.until("seven looks") {
            tower.stage.open()
            return tower.stage.looks.count > 6
        }

        #expect(tower.stage.heard == ["renewed", "unusable"])
    }

    @Test("a look that hangs is the only one, and what it finds for rules of before is not heard")
    func hangs() async throws {
        let tower = try Tower(Self.renewed)
        try tower.watch(tokens: "/a")
        try await Wait.until("a look") { tower.stage.looks == [["/a"]] }
        try tower.watch(tokens: "/b")
        try tower.rest()
        #expect(tower.stage.looks == [["/a"]])

        tower.stage.open()
        try await Wait.until("a look at the new files") { tower.stage.looks.last == ["/b"] }
        #expect(tower.stage.heard == [])
    }

    @Test("rules without files are not watched")
    func sleeps() async throws {
        let tower = try Tower(Self.renewed)
        try tower.watch()
        try tower.rest()

        #expect(tower.stage.looks == [])
    }
}
