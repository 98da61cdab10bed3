// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What a reading costs stays within bounds")
struct ReadingCostTests {
    private let tree: PlainTree
    private let clock = HandClock()

    init() throws {
        tree = try PlainTree()
        tree.write("cgroup/cgroup.procs", "")
    }

    private func slice(_ name: String) {
        tree.write("cgroup/\(name)/cpu.max", "100000 100000\n")
        tree.write("cgroup/\(name)/cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n")
        tree.container("\(name)/job.service", usage: 1)
    }

    @Test("slices that come and go between baselines leave no level and no descriptor behind")
    func churn() throws {
        slice("steady.slice")
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        func baseline(_ sampler: KernelSampler) {
            sampler.refresh(.baseline)
            clock.advance(.seconds(10))
        }
        for number in 0..<8 {
            slice("burst\(number).slice")
            baseline(sampler)
            tree.remove("cgroup/burst\(number).slice")
        }
        baseline(sampler)
        baseline(sampler)
        let fresh = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        baseline(fresh)
        baseline(fresh)

        #expect(sampler.levels.count == 2)
        #expect(sampler.levels.count == fresh.levels.count)
        #expect(sampler.reader.kept == fresh.reader.kept)
    }

    @Test("a baseline between two full readings closes nothing that the second one needs")
    func baseline() throws {
        slice("steady.slice")
        slice("outer.slice/outer-inner.slice")
        let sampler = KernelFixture.sampler(tree.roots, KernelOptions(host: false), clock)
        func opens(_ depths: KernelSampler.Depth...) -> Int {
            for depth in depths.dropLast() {
                clock.advance(.seconds(1))
                sampler.refresh(depth)
            }
            clock.advance(.seconds(1))
            let before = sampler.reader.opens
            sampler.refresh(depths.last ?? .full)
            return sampler.reader.opens - before
        }

        _ = opens(.full)
        let apart = opens(.full)
        let behind = opens(.baseline, .full)

        #expect(behind == apart)
    }

    @Test(
        "the tree is walked for what cannot be seen once in a reading, however many checks ask; for the refused never"
    )
    func blindness() throws {
        for number in 0..<20 { tree.container("system.slice/a\(number).service", usage: 1) }
        tree.container("system.slice/closed.service", usage: 1)
        let checked = (0..<50).map { Selection(["gone-\($0)"], scope: .containers) }
        let sampler = KernelFixture.sampler(
            tree.roots, KernelOptions(checked: checked, containerLimit: 5, host: false), clock)
        sampler.reader.denial = { String(cString: $0).hasSuffix("closed.service") ? EACCES : nil }

        let answers = checked.map { sampler.containers($0) }

        #expect(answers.allSatisfy { $0.containers.isEmpty && $0.unmeasured.map(\.subject) == [.cgroup] })
        #expect(sampler.blindness.walks == 2)
        let all = sampler.containers(.all)
        #expect(all.unmeasured.contains { $0.subject == .container && $0.cause == .limit })
        sampler.reader.denial = nil
        clock.advance(.seconds(11))
        #expect(checked.allSatisfy { sampler.containers($0).unmeasured.isEmpty }, "a new reading looks again")
    }

    @Test("a path is looked up among those that are named in the same time, however many these are")
    func paths() {
        func spent(_ count: Int) -> Double {
            let index = SelectionIndex((0..<count).map { Selection(["/some.slice/inner.slice/\($0)"]) })
            func now() -> Double {
                var time = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
                return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            }
            let start = now()
            for _ in 0..<500 where index.names(path: "/some.slice/inner.slice/none") { return .infinity }
            return now() - start
        }

        let few = spent(2)
        let many = spent(2000)

        #expect(many < 50 * few, "\(few) s and \(many) s")
        let index = SelectionIndex([
            Selection(["/a/*", "/b", "!/c"]), Selection(["/d"]), Selection(["e.service", "host"]),
        ])
        #expect(["/b", "/d"].allSatisfy { index.names(path: $0) })
        #expect(["/a/*", "/a/x", "/c", "/e.service", "host"].allSatisfy { !index.names(path: $0) })
    }
}
