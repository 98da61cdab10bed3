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

@Suite("The watch over the files of TLS and logins")
struct AccessWatchTests {
    /// What looks see, each held until the test lets it go on, and what was heard of them.
    private final class Stage: Sendable {
        private struct State {
            var looks: [(files: [String], stamps: FileStamps, gate: Gate)] = []
            var findings: [AccessWatch.Finding] = []
            var heard: [String] = []
        }

        private let state = Mutex(State())

        /// What the next looks find; when all of it is found, nothing new.
        init(_ findings: [AccessWatch.Finding]) { state.withLock { $0.findings = findings } }

        var looks: [[String]] { state.withLock { $0.looks.map(\.files) } }
        var stamps: [FileStamps] { state.withLock { $0.looks.map(\.stamps) } }
        var heard: [String] { state.withLock { $0.heard } }

        func look(_ plan: AccessPlan) -> AccessWatch.Finding {
            let gate = Gate()
            state.withLock { $0.looks.append((plan.files, plan.stamps, gate)) }
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

    private static func passing(_ fact: String) -> AccessWatch.Finding {
        let fault = AccessPlan.Fault(key: .keyFile, fact: fact, remedy: "Wait.", isPassing: true)
        return .unusable(AccessPlan.Refusal(faults: [fault]), FileStamps(of: ["/dev"]))
    }

    @Test("files that cannot be read for the moment are tried until they can be, and that is said once")
    func tries() async throws {
        let tower = try Tower(
            Self.passing("no descriptors"), Self.passing("no descriptors"), Self.passing("no disk"),
            Self.passing("no disk"), Self.renewed, Self.passing("no disk"))
        try tower.watch(tokens: "/a")

        try await Wait.until("eight looks") {
            tower.stage.open()
            return tower.stage.looks.count > 7
        }

        #expect(tower.stage.heard == ["unusable", "unusable", "renewed", "unusable"])
        let stamps = tower.stage.stamps
        #expect(stamps[...4].allSatisfy { $0 == stamps[0] }, "as long as it may pass, the old ones count")
        #expect(stamps[5] != stamps[0])
    }

    @Test(
        "what lies with the machine may pass, what lies with the file does not",
        arguments: [
            (EMFILE, true), (ENFILE, true), (EIO, true), (ENOMEM, true), (EACCES, false), (ELOOP, false),
        ])
    func passes(_ code: Int32, _ isPassing: Bool) {
        #expect(SmallFile.Failure.refused(code).isPassing == isPassing)
        #expect(!SmallFile.Failure.missing.isPassing)
    }

    @Test("a file that cannot be opened for want of descriptors is looked at again, as it was")
    func descriptors() {
        var plan = AccessPlan()
        plan.auth = AccessPlan.Auth(tokenFiles: ["/a"])
        var surroundings = ConfigurationSurroundings.none
        func look(_ isPassing: Bool) -> Bool? {
            surroundings.readSecret = { _ in
                .failure(.init(fact: "no", remedy: "Wait.", isPassing: isPassing))
            }
            guard case .unusable(let refusal, _) = plan.look(surroundings) else { return nil }
            return refusal.isPassing
        }

        #expect(look(true) == true)
        #expect(look(false) == false)
    }

    @Test("rules without files are not watched")
    func sleeps() async throws {
        let tower = try Tower(Self.renewed)
        try tower.watch()
        try tower.rest()

        #expect(tower.stage.looks == [])
    }
}
