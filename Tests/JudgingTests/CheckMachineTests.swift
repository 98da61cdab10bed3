// SPDX-License-Identifier: Apache-2.0

import Testing
import Vitals

@testable import Judging

/// What the model does not say: definitive fails, beats, jumps of the clock; and laws that hold for any life.
@Suite("one check")
struct CheckMachineTests {
    @Test("one bad sample in a good minute changes nothing", arguments: [Outcome.fail, .warn, .unknown])
    func blip(bad: Outcome) {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        for i in 1...6 { machine.record(i == 3 ? bad : .pass, at: TestCheck.at(10 * i)) }

        #expect(machine.level == .healthy)
        #expect(machine.phase == .active)
    }

    @Test("a definitive fail needs no streak, but a definitive pass or warn is like any other")
    func definitive() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        machine.record(.warn, definitive: true, at: TestCheck.at(10))
        #expect(machine.level == .healthy)
        machine.record(.fail, definitive: true, at: TestCheck.at(20))
        #expect(machine.level == .unhealthy)
        machine.record(.pass, definitive: true, at: TestCheck.at(30))
        #expect(machine.level == .unhealthy)
    }

    @Test("own failures to ask do not refresh the evidence")
    func unknownIsNoEvidence() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        for i in 1...3 { machine.record(.unknown, at: TestCheck.at(10 * i)) }
        machine.tick(at: TestCheck.at(36))

        #expect(machine.phase == .stale)
        #expect(machine.contribution == .unhealthy)
    }

    @Test(
        "a stale optional check degrades, a stale critical one is unhealthy, a stale one for information is neither"
    )
    func staleImpact() {
        func contribution(_ impact: Impact) -> Status {
            var machine = TestCheck.machine { $0.impact = impact }
            machine.record(.pass, at: TestCheck.at(0))
            machine.tick(at: TestCheck.at(36))
            return machine.contribution
        }

        #expect(contribution(.critical) == .unhealthy)
        #expect(contribution(.degrade) == .degraded)
        #expect(contribution(.info) == .healthy)
    }

    @Test("after a pause nothing is stale before one more round has had its chance, then it is")
    func graceAfterPause() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        machine.timeJumped(slept: .zero, at: TestCheck.at(100))
        machine.tick(at: TestCheck.at(100))
        machine.tick(at: TestCheck.at(115))
        #expect(machine.phase == .active)

        machine.tick(at: TestCheck.at(116))
        #expect(machine.phase == .stale)
    }

    @Test("the time asleep counts as age: after a night nothing is healthy on yesterday's evidence for long")
    func suspended() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        // The monotonic clock stood still for eight hours; only a second went by on it.
        machine.timeJumped(slept: .seconds(8 * 3600), at: TestCheck.at(1))
        machine.tick(at: TestCheck.at(16))
        #expect(machine.phase == .active)
        machine.tick(at: TestCheck.at(17))
        #expect(machine.phase == .stale)

        machine.record(.pass, at: TestCheck.at(18))
        #expect(machine.phase == .active)
        machine.tick(at: TestCheck.at(18 + 35))
        #expect(machine.phase == .active)
    }

    @Test("a jump does not shorten what evidence is good for")
    func jumpDoesNotAge() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        machine.timeJumped(slept: .zero, at: TestCheck.at(1))
        machine.tick(at: TestCheck.at(35))
        #expect(machine.phase == .active)

        machine.tick(at: TestCheck.at(36))
        #expect(machine.phase == .stale)
    }

    @Test("a clock that jumps every few seconds does not keep old evidence fresh for ever")
    func graceIsBounded() {
        var machine = TestCheck.machine()
        machine.record(.pass, at: TestCheck.at(0))

        for t in 1..<200 {
            if t % 10 == 0 { machine.timeJumped(slept: .zero, at: TestCheck.at(t)) }
            machine.tick(at: TestCheck.at(t))
        }

        #expect(machine.phase == .stale)
    }

    @Test("a beat heals at once and its absence falls at once, whatever the thresholds say")
    func beats() {
        var machine = TestCheck.beats {
            $0.fall = 5
            $0.rise = 5
        }

        var levels = ""
        for (i, letter) in "PFPFFPWFUP".enumerated() {
            machine.record(TestCheck.outcome(letter), at: TestCheck.at(i))
            levels += TestCheck.letter(machine.level)
        }

        #expect(levels == "HUHUUHDUUH")
    }

    @Test("a heartbeat never flaps and never grows stale: its time to live alone judges it")
    func beatsAlone() {
        var machine = TestCheck.beats()
        for i in 0..<40 { machine.record(i % 2 == 0 ? .pass : .fail, at: TestCheck.at(i)) }
        machine.record(.pass, at: TestCheck.at(40))

        machine.tick(at: TestCheck.at(100_000))

        #expect(!machine.flapping)
        #expect(machine.phase == .active)
        #expect(machine.level == .healthy)
    }

    @Test("a heartbeat that is late within its start period stays pending")
    func beatsStartPeriod() {
        var machine = TestCheck.beats { $0.startPeriod = .seconds(120) }

        machine.record(.fail, at: TestCheck.at(60))
        #expect(machine.phase == .pending)
        machine.record(.fail, at: TestCheck.at(120))
        #expect(machine.level == .unhealthy)
    }

    @Test("bad news never makes a level better, good news never makes it worse, in any life")
    func monotone() {
        var random = SplitMix(state: 7)
        for _ in 0..<300 {
            var machine = TestCheck.machine {
                $0.fall = Int(random.next() % 5) + 1
                $0.warnAfter = Int(random.next() % 5) + 1
                $0.rise = Int(random.next() % 4) + 1
            }
            machine.record(.warn, at: TestCheck.at(0))
            for i in 1..<80 {
                let before = machine.level
                let outcome: Outcome = [.pass, .warn, .fail][Int(random.next() % 3)]
                machine.record(outcome, at: TestCheck.at(10 * i))
                switch outcome {
                case .pass: #expect(machine.level.rawValue <= before.rawValue)
                case .fail: #expect(machine.level.rawValue >= before.rawValue)
                // A warn pulls both ends to the middle, and no further.
                case .warn: #expect(machine.level == before || machine.level == .degraded)
                case .unknown: break
                }
            }
        }
    }

    @Test("a worse life is never judged better, outcome by outcome, without flapping in play")
    func pointwiseOrder() {
        var random = SplitMix(state: 11)
        for _ in 0..<500 {
            var good = TestCheck.machine()
            var bad = TestCheck.machine()
            // Twenty outcomes are too few to flap.
            for i in 0..<20 {
                let outcome = Outcome(rawValue: UInt8(random.next() % 3)) ?? .pass
                let worse = Outcome(rawValue: min(2, outcome.rawValue + UInt8(random.next() % 2))) ?? .fail
                good.record(outcome, at: TestCheck.at(10 * i))
                bad.record(worse, at: TestCheck.at(10 * i))
                #expect(good.contribution <= bad.contribution)
            }
        }
    }

    @Test("no streak shorter than the thresholds moves a confirmed level", arguments: 2...6)
    func hysteresis(threshold: Int) {
        var machine = TestCheck.machine {
            $0.fall = threshold
            $0.warnAfter = threshold
            $0.rise = threshold
        }
        machine.record(.pass, at: TestCheck.at(0))
        for i in 1..<threshold { machine.record(.fail, at: TestCheck.at(i)) }
        #expect(machine.level == .healthy)
        machine.record(.fail, at: TestCheck.at(threshold))
        #expect(machine.level == .unhealthy)

        for i in 1..<threshold { machine.record(.pass, at: TestCheck.at(threshold + i)) }
        #expect(machine.level == .unhealthy)
        machine.record(.pass, at: TestCheck.at(2 * threshold))
        #expect(machine.level == .healthy)
    }

    @Test("impact only lowers what a check adds, and the whole is its worst part")
    func lattice() {
        var random = SplitMix(state: 3)
        for _ in 0..<300 {
            var parts: [Aggregate.Part] = []
            var worst = Status.healthy
            for _ in 0..<Int(random.next() % 6) {
                var byImpact: [Impact: Status] = [:]
                let outcome = Outcome(rawValue: UInt8(random.next() % 4)) ?? .pass
                for impact in Impact.allCases {
                    var machine = TestCheck.machine { $0.impact = impact }
                    machine.record(outcome, at: TestCheck.at(1))
                    byImpact[impact] = machine.contribution
                    if impact == .critical {
                        parts.append(Aggregate.Part(machine))
                        worst = max(worst, machine.contribution)
                    }
                }
                let (info, degrade, critical) = (byImpact[.info], byImpact[.degrade], byImpact[.critical])
                #expect(info == .healthy)
                #expect(degrade == critical.map { min($0, .degraded) })
            }

            #expect(Aggregate(parts).status == worst)
            #expect(!Aggregate(parts, draining: true).ready)
            parts.append(Aggregate.Part(contribution: .degraded, holdsReadiness: false))
            #expect(Aggregate(parts).status == max(worst, .degraded))
        }
    }
}

/// Random numbers that are the same on every run (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
