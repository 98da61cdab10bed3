// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("A counter never falls")
struct SteadyTimesTests {
    private func line(_ cpu: Int, _ ticks: [Int64]) -> String {
        "cpu\(cpu) " + ticks.map(String.init).joined(separator: " ") + " 0 0\n"
    }

    /// The times of a mode that a page shows after each of these readings of /proc/stat; nil where it has none.
    private func shown(_ mode: String, of cpu: Int = 0, _ readings: [String]) throws -> [Double?] {
        let tree = try PlainTree()
        let clock = HandClock()
        tree.write("proc/stat", readings[0] + "btime 1\n")
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(), clock)
        return readings.map { reading in
            tree.write("proc/stat", reading + "btime 1\n")
            clock.advance(.seconds(1))
            let series = #"node_cpu_seconds_total{cpu="\#(cpu)",mode="\#(mode)"} "#
            return KernelFixture.page(sampler).first { $0.hasPrefix(series) }.flatMap {
                Double($0.dropFirst(series.utf8.count))
            }
        }
    }

    @Test("idle, iowait and steal that step back are held until the kernel's have passed them")
    func small() throws {
        let readings = [
            [10, 0, 5, 1000, 500, 0, 0, 70], [11, 0, 5, 990, 100, 0, 0, 60], [12, 0, 5, 999, 501, 0, 0, 71],
            [12, 0, 5, 1001, 501, 0, 0, 71],
        ].map { line(0, $0) }

        #expect(try shown("idle", readings) == [10, 10, 10, 10.01])
        #expect(
            try shown("iowait", readings) == [5, 5, 5.01, 5.01], "however far: it is no sign of another life")
        #expect(try shown("steal", readings) == [0.7, 0.7, 0.71, 0.71])
        #expect(try shown("user", readings) == [0.1, 0.11, 0.12, 0.12])
    }

    @Test(
        "idle that falls by three seconds is another life of the processor, and all of its times begin from there"
    )
    func large() throws {
        let readings = [
            [10, 0, 5, 1000, 500, 0, 0, 70], [3, 0, 5, 700, 2, 0, 0, 0], [4, 0, 5, 701, 2, 0, 0, 0],
        ].map { line(0, $0) }

        #expect(try shown("idle", readings) == [10, 7, 7.01])
        #expect(try shown("iowait", readings) == [5, 0.02, 0.02])
        #expect(try shown("user", readings) == [0.1, 0.03, 0.04])
        let almost = [[0, 0, 0, 1000, 0, 0, 0, 0], [0, 0, 0, 701, 0, 0, 0, 0]].map { line(0, $0) }
        #expect(try shown("idle", almost) == [10, 10])
    }

    @Test("a processor that goes has no times, and goes on where it was when it comes back")
    func hotPlug() throws {
        let both = line(0, [1, 0, 0, 1000, 0, 0, 0, 0]) + line(1, [1, 0, 0, 2000, 0, 0, 0, 0])
        let one = line(0, [1, 0, 0, 1000, 0, 0, 0, 0])
        let back = one + line(1, [1, 0, 0, 1999, 0, 0, 0, 0])

        #expect(try shown("idle", of: 1, [both, one, back]) == [20, nil, 20])
        #expect(try shown("idle", of: 0, [both, one, back]) == [10, 10, 10])
    }

    @Test("a line that cannot be read costs its processor's times, not the number of processors")
    func badLine() throws {
        let tree = try PlainTree()
        tree.write("proc/stat", line(0, [1, 0, 0, 1, 0, 0, 0, 0]) + "cpu1 1 2 x\nbtime 1\n")
        let tallies = TallyBook()
        let sampler = KernelFixture.sampler(tree.roots, tallies: tallies)

        let page = KernelFixture.page(sampler)

        #expect(page.contains("machine_cpu_cores 2"))
        #expect(!page.contains { $0.hasPrefix("node_cpu_seconds_total{cpu=\"1\"") })
        var sheet = Sheet()
        tallies.fill(&sheet)
        #expect(
            !KernelFixture.lines(sheet).contains(
                #"vitald_dropped_total{what="kernel_line",reason="unreadable"} 0"#))
    }

    @Test("hostile numbers of processors fill no memory")
    func hostile() {
        var times = SteadyTimes()
        for number in 0..<20_000 {
            var cpus = [ProcStat.CPU(number: Int64(number), ticks: [.max, 0, 0, .max, 0, 0, 0, .max])]
            times.steady(&cpus)
        }
        var known = [ProcStat.CPU(number: 1, ticks: [0, 0, 0, .max - 1, 0, 0, 0, 0])]
        var late = [ProcStat.CPU(number: 19_999, ticks: [0, 0, 0, .max - 1, 0, 0, 0, 0])]
        times.steady(&known)
        times.steady(&late)

        #expect(known[0].ticks[0] == .max && late[0].ticks[0] == 0)
    }
}
