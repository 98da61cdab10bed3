// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Vitals

@Suite("What the shipped binary tells the service manager")
struct NotifyTests {
    /// Six looks fit into it: one every second.
    private static let window = Duration.seconds(6)

    private static func configuration(_ more: String = "") -> String {
        """
        { "http": { "listen": [] }, "defaults": { "interval": "1s", "timeout": "500ms" },
          "checks": [ { "name": "capacity", "type": "memory", "of": "host", "failPercent": 100, "warnPercent": 100 }\(more) ] }
        """
    }

    private func start(
        _ notify: NotifySocket, _ configuration: String = configuration(), pid: String? = nil
    ) throws -> ShippedDaemon {
        var environment = [
            "NOTIFY_SOCKET": notify.path,
            "WATCHDOG_USEC": String(Self.window.components.seconds * 1_000_000),
        ]
        environment["WATCHDOG_PID"] = pid
        return try ShippedDaemon(configuration, environment: environment)
    }

    @Test("every message of a life, to the letter and in order")
    func life() async throws {
        let notify = try NotifySocket()
        let daemon = try start(notify)

        // Start: READY comes when the sockets listen, and waits for no check.
        _ = try await notify.state("READY=1")
        #expect(try await daemon.get("/livez").status == 200)
        _ = try await notify.state("STATUS=Running: 1 check, 1 healthy")
        let opening = notify.states
        #expect(opening.first == "STATUS=Loading configuration")
        #expect(opening.dropFirst().first?.hasPrefix("READY=1\nSTATUS=Running: 1 check, 1 ") == true)
        #expect(notify.messages.prefix { !$0.text.hasPrefix("READY") }.allSatisfy { !$0.isBeat })

        // Running: a beat every sixth of the window, and nothing else while nothing changes.
        try await Wait.until("four beats") { notify.beats.count >= 4 }
        let beats = notify.beats
        for (earlier, later) in zip(beats, beats.dropFirst()) {
            #expect(later - earlier < Self.window / 2, "the manager waits for \(Self.window)")
        }
        #expect(beats[3] - beats[0] > .milliseconds(2400), "a beat a second, not more")
        #expect(notify.states.count == opening.count, "\(notify.states)")

        // SIGHUP with a good file.
        let before = Self.monotonicMicroseconds
        var known = notify.states.count
        try daemon.reconfigure(
            Self.configuration(#", { "name": "beat", "type": "heartbeat", "ttl": "60s" }"#))
        let ready = try await notify.state("READY=1", after: known)
        let reloading = try #require(notify.states.dropFirst(known).first)
        let match = try #require(
            reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=Reloading/), "\(reloading)")
        let told = try #require(UInt64(match.1))
        #expect(told >= before && told <= Self.monotonicMicroseconds)
        #expect(ready == "READY=1\nSTATUS=Running: generation 2, 2 checks, 1 healthy, 1 pending")

        // SIGHUP with a bad one.
        known = notify.states.count
        try daemon.reconfigure(#"{"intervall": "10s"}"#)
        let refused = try await notify.state("READY=1", after: known)
        #expect(notify.states.dropFirst(known).first?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
        #expect(
            refused.hasPrefix(
                "READY=1\nSTATUS=Reload failed, keeping generation 2: line 1: intervall: unknown key."))

        // SIGTERM.
        known = notify.states.count
        daemon.program.signal(SIGTERM)
        #expect(try await daemon.program.end() == .code(0))
        try await Wait.until("the last words") { notify.states.count >= known + 2 }
        let last = Array(notify.states.dropFirst(known).prefix(2))
        // One where the daemon's own question to itself was just under way.
        #expect(
            ["STOPPING=1\nSTATUS=Draining 0 clients", "STOPPING=1\nSTATUS=Draining 1 client"].contains(
                last[0]))
        #expect(last[1] == "EXTEND_TIMEOUT_USEC=5000000")
    }

    @Test("a bad configuration is said with its errno, and the end is 78")
    func badConfiguration() async throws {
        let notify = try NotifySocket()
        let daemon = try start(notify, "{\"intervall\": \"10s\",\n\"name\": 5}")

        #expect(try await daemon.program.end() == .code(78))
        try await Wait.until("two states") { notify.states.count >= 2 }
        let states = notify.states
        #expect(states.count == 2)
        #expect(states[0] == "STATUS=Loading configuration")
        #expect(
            states[1].hasPrefix("STATUS=Configuration invalid: line 1: intervall: unknown key."),
            "\(states[1])")
        #expect(states[1].hasSuffix(" (and 1 more)\nERRNO=22"), "\(states[1])")
    }

    @Test("a watchdog that is meant for another process gets no beats")
    func notOurs() async throws {
        let notify = try NotifySocket()
        let daemon = try start(notify, pid: "1")

        _ = try await notify.state("READY=1")
        // Three ticks of its own show that it had the time to beat.
        let first = try await generation(daemon)
        try await Wait.until("three ticks") { try await generation(daemon) >= first + 3 }
        #expect(notify.beats.isEmpty)
        try await daemon.stop()
    }

    @Test("a stopped process falls silent, and goes on without a false alarm")
    func stoppedAndContinued() async throws {
        let notify = try NotifySocket()
        let daemon = try start(notify)
        try await Wait.until("a beat") { !notify.beats.isEmpty }

        daemon.program.signal(SIGSTOP)
        let stopped = ContinuousClock.now
        // Longer than the three looks after which it would call itself stuck.
        try await Wait.until("the time of four looks", within: .seconds(8)) {
            ContinuousClock.now - stopped > .seconds(4)
        }
        let silent = notify.beats.filter { $0 - stopped > .milliseconds(200) }
        #expect(silent.isEmpty)
        daemon.program.signal(SIGCONT)

        let known = notify.beats.count
        try await Wait.until("four more beats") { notify.beats.count >= known + 4 }
        #expect(!notify.states.contains { $0.contains("WATCHDOG=trigger") })
        #expect(daemon.logged("watchdogStalled").isEmpty)
        try await daemon.stop()
    }

    @Test(
        "when the event loop stands still the beats stop and the manager is told why",
        .enabled(if: Program.has("python3"), "it takes ptrace(2), here by Python: apt install python3"))
    func stalledLoop() async throws {
        let notify = try NotifySocket()
        let daemon = try start(notify)
        try await Wait.until("a beat") { !notify.beats.isEmpty }

        let hold = try ThreadHold(thread: daemon.pid, in: daemon.directory)
        try await hold.held()
        let trigger = try await notify.state("STATUS=watchdog: ")
        let beats = notify.beats.count

        #expect(trigger.hasSuffix(")\nWATCHDOG=trigger"), "\(trigger)")
        // Which of them is named first depends on whose turn it was: all of them live on the loop.
        let named = trigger.firstRange(of: " stalled (").map { trigger[..<$0.lowerBound] } ?? ""
        #expect(named.contains("loop") || named.contains("scheduler"), "\(trigger)")
        #expect(trigger.contains("sampler ok") && trigger.contains("still for 3 looks"), "\(trigger)")
        let line = try #require(daemon.logged("watchdogStalled").first)
        #expect(line.contains("still for 3 looks"), "\(line)")
        hold.release()
        // The verdict is final: the manager was asked to end it.
        try await Wait.until("an answer") { try await daemon.get("/livez").status == 200 }
        #expect(notify.beats.count == beats)
        try await daemon.stop()
    }

    @Test("changes of the status are said at most once a second, and the last one is said")
    func statusPace() async throws {
        let notify = try NotifySocket()
        let names = (0..<60).map { "beat\($0)" }
        let beats = names.map { #", { "name": "\#($0)", "type": "heartbeat", "ttl": "60s" }"# }.joined()
        let daemon = try start(notify, Self.configuration(beats))
        _ = try await notify.state("READY=1")

        // Each push is a change of the sentence, many times a second.
        var pushed = 0
        for name in names {
            _ = try await daemon.result("push.heartbeat", #"{"name":"\#(name)"}"#)
            pushed += 1
        }
        _ = try await notify.state("STATUS=Running: 61 checks, 61 healthy")

        let said = notify.messages.filter { $0.text.hasPrefix("STATUS=Running") }.map(\.at)
        #expect(said.count < pushed / 4, "\(said.count) sentences for \(pushed) changes")
        // Over all of them: one that is heard late on a busy machine is close to the next.
        let (first, last) = (try #require(said.first), try #require(said.last))
        #expect(last - first > .milliseconds(900 * (said.count - 1) - 300))
        try await daemon.stop()
    }

    private func generation(_ daemon: ShippedDaemon) async throws -> Int {
        let page = try await daemon.get("/livez")
        return try #require(page.header("x-vitald-generation").flatMap { Int($0) })
    }

    private static var monotonicMicroseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }
}
