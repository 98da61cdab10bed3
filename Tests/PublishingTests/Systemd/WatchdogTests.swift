// SPDX-License-Identifier: Apache-2.0

import Publishing
import Testing
import Vitals

@Suite("The honest watchdog")
struct WatchdogTests {
    private let allMove = Dictionary(
        uniqueKeysWithValues: Watchdog.Source.allCases.map { ($0, Watchdog.Finding.progress) })

    private func at(_ looks: Int) -> Instant { Instant(nanoseconds: Int64(looks) * 5_000_000_000) }

    @Test("six looks fit into the manager's window, so a verdict comes before the manager's own deadline")
    func period() {
        let watchdog = Watchdog(watching: .seconds(30))

        #expect(watchdog.period == .seconds(5))
        #expect(watchdog.period * Watchdog.looksUntilStalled < .seconds(30))
    }

    @Test("while everything moves, every look beats")
    func beats() {
        var watchdog = Watchdog(watching: .seconds(30))

        for look in 1...100 { #expect(watchdog.look(allMove, at: at(look)) == .beat(misses: [])) }
    }

    @Test(
        "any one source that stands still for three looks is named, and nothing beats meanwhile",
        arguments: Watchdog.Source.allCases)
    func stalled(source: Watchdog.Source) {
        var watchdog = Watchdog(watching: .seconds(30))
        var findings = allMove
        #expect(watchdog.look(findings, at: at(1)) == .beat(misses: []))

        findings[source] = .still

        #expect(watchdog.look(findings, at: at(2)) == .wait(misses: [source]))
        #expect(watchdog.look(findings, at: at(3)) == .wait(misses: [source]))
        #expect(watchdog.look(findings, at: at(4)) == .stalled([source]))
        #expect(watchdog.table.contains("\(source.rawValue) still for 3 looks"))
    }

    @Test("a source that moves again begins anew")
    func recovery() {
        var watchdog = Watchdog(watching: .seconds(30))
        var still = allMove
        still[.loop] = .still
        _ = watchdog.look(still, at: at(1))
        _ = watchdog.look(still, at: at(2))

        #expect(watchdog.look(allMove, at: at(3)) == .beat(misses: []))
        #expect(watchdog.look(still, at: at(4)) == .wait(misses: [.loop]))
        #expect(watchdog.look(still, at: at(5)) == .wait(misses: [.loop]))
    }

    @Test("after being stopped the first look judges nobody, and what was counted before is forgotten")
    func void() {
        var watchdog = Watchdog(watching: .seconds(30))
        var still = allMove
        still[.sampler] = .still
        _ = watchdog.look(still, at: at(1))
        _ = watchdog.look(still, at: at(2))

        #expect(watchdog.look(still, at: at(14)) == .void)
        #expect(watchdog.look(still, at: at(15)) == .wait(misses: [.sampler]))
        #expect(watchdog.look(still, at: at(16)) == .wait(misses: [.sampler]))
        #expect(watchdog.look(still, at: at(17)) == .stalled([.sampler]))
    }

    @Test("a look that is only somewhat late counts")
    func slightlyLate() {
        var watchdog = Watchdog(watching: .seconds(30))
        _ = watchdog.look(allMove, at: at(1))

        #expect(watchdog.look(allMove, at: at(3)) == .beat(misses: []))
    }

    @Test("a source that could not be asked is neither alive nor dead")
    func notAsked() {
        var watchdog = Watchdog(watching: .seconds(30))
        var findings = allMove
        findings[.socket] = nil

        for look in 1...10 { #expect(watchdog.look(findings, at: at(look)) == .beat(misses: [])) }
    }
}
