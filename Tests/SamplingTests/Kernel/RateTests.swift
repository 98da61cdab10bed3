// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("Percentages need two readings")
struct RateTests {
    private let name = "system.slice/web.service"

    private func files(_ usage: Int64, periods: Int64 = 0, throttled: Int64 = 0) -> [String: String] {
        [
            "cpu.max": "50000 100000\n",
            "cpu.stat": "usage_usec \(usage)\nuser_usec 0\nsystem_usec 0\nnr_periods \(periods)\n"
                + "nr_throttled \(throttled)\nthrottled_usec 0\n",
        ]
    }

    @Test("of a core, of the quota, of the host, and the share of throttled periods")
    func percent() throws {
        let tree = try PlainTree()
        tree.write("proc/stat", "cpu0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\nbtime 1\n")
        tree.container(name, usage: 0, more: files(1_000_000))
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        let first = try #require(sampler.containers(Selection(["web.service"])).containers.first)
        tree.container(name, usage: 0, more: files(1_500_000, periods: 20, throttled: 5))
        clock.advance(.seconds(2))

        let second = try #require(sampler.containers(Selection(["web.service"])).containers.first)

        #expect(first.cpuPercentOfCore == nil && first.throttledPercent == nil)
        #expect(second.cpuPercentOfCore == 25)
        #expect(second.cpuPercentOfQuota == 50)
        #expect(second.cpuPercentOfHost == 12.5)
        #expect(second.throttledPercent == 25)
    }

    @Test("a tick is enough for the first question to have percentages")
    func tick() throws {
        let tree = try PlainTree()
        tree.container(name, usage: 0, more: files(1_000_000))
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        sampler.refresh(.baseline)
        tree.container(name, usage: 0, more: files(2_000_000))
        clock.advance(.seconds(10))

        let figures = try #require(sampler.containers(Selection(["web.service"])).containers.first)

        #expect(figures.cpuPercentOfCore == 10)
    }

    @Test("figures younger than a second are handed over again, without a look at the kernel")
    func fresh() throws {
        let tree = try PlainTree()
        tree.container(name, usage: 7)
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        let before = KernelFixture.page(sampler)
        tree.container(name, usage: 8)
        clock.advance(.milliseconds(999))
        let opens = sampler.reader.opens

        #expect(KernelFixture.page(sampler) == before)
        #expect(sampler.reader.opens == opens)
        clock.advance(.milliseconds(1))
        #expect(KernelFixture.page(sampler) != before)
    }

    @Test("a counter that went back gives no rate once, and a right one after")
    func backwards() {
        var pace = CPUPace()
        var now = Instant(nanoseconds: 0)
        var rates: [Double?] = []
        for usage: Int64 in [5_000_000, 6_000_000, 100, 1_000_100, .max - 1, 0] {
            pace.note(at: now, usage: usage, periods: nil, throttled: nil)
            rates.append(pace.cores)
            now = now + .seconds(1)
        }

        #expect(rates[0] == nil && rates[1] == 1 && rates[2] == nil && rates[3] == 1)
        #expect(rates[4] == nil && rates[5] == nil, "no machine has so many processors")
    }

    @Test("a rate that no machine can have is a new baseline, and the one after it is right")
    func impossible() {
        var pace = CPUPace()
        let start = Instant(nanoseconds: 0)
        var rates: [Double?] = []
        for (second, usage) in [
            (0, 0), (10, 5_000_000), (20, 69_908_900_000), (30, 69_928_900_000), (40, 69_949_900_000),
        ] {
            pace.note(
                at: start + .seconds(second), usage: Int64(usage), periods: nil, throttled: nil, processors: 2
            )
            rates.append(pace.cores)
        }

        #expect(
            rates == [nil, 0.5, nil, 2, 2],
            "the last is within the grain of the clock, and no more than there are")
    }

    @Test("a reading that failed leaves the one before it to compare with")
    func interrupted() {
        var pace = CPUPace()
        let start = Instant(nanoseconds: 0)
        pace.note(at: start, usage: 0, periods: nil, throttled: nil)
        pace.note(at: start + .seconds(10), usage: nil, periods: nil, throttled: nil)
        #expect(pace.cores == nil)
        pace.note(at: start + .seconds(20), usage: 5_000_000, periods: nil, throttled: nil)

        #expect(pace.cores == 0.25)
    }

    @Test("questions closer than a second are measured over the longer interval")
    func close() {
        var pace = CPUPace()
        let start = Instant(nanoseconds: 0)
        pace.note(at: start, usage: 0, periods: nil, throttled: nil)
        pace.note(at: start + .seconds(10), usage: 5_000_000, periods: nil, throttled: nil)
        pace.note(at: start + .milliseconds(10_200), usage: 5_100_000, periods: nil, throttled: nil)

        #expect(pace.cores == 0.5)
    }

    @Test("a reading soon after a baseline, which knows no periods, is what the next one is compared with")
    func soonAfterBaseline() {
        var pace = CPUPace()
        let start = Instant(nanoseconds: 0)
        for second in [0, 10] {
            let at = start + .seconds(second)
            pace.note(at: at, usage: Int64(second) * 250_000, periods: nil, throttled: nil)
        }
        pace.note(at: start + .milliseconds(10_300), usage: 2_575_000, periods: 103, throttled: 90)
        #expect(pace.cores == 0.25 && pace.throttledPercent == nil)
        pace.note(at: start + .milliseconds(10_600), usage: 2_650_000, periods: 106, throttled: 93)
        #expect(pace.cores == 0.25, "the longer interval still")

        pace.note(at: start + .milliseconds(14_300), usage: 3_575_000, periods: 143, throttled: 120)

        #expect(pace.cores == 0.25 && pace.throttledPercent == 75)
    }

    @Test("the host's CPU is what is not idle")
    func host() throws {
        let tree = try PlainTree()
        tree.write("proc/stat", "cpu0 0 0 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0\nbtime 1\n")
        let clock = HandClock()
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        sampler.refresh(.full)
        tree.write("proc/stat", "cpu0 50 0 0 50 0 0 0 0\ncpu1 0 0 0 100 0 0 0 0\nbtime 1\n")
        clock.advance(.seconds(1))
        sampler.refresh(.full)

        #expect(sampler.hostFigures.cpuPercent == 25)
        #expect(sampler.hostFigures.cores == 2)
    }
}
