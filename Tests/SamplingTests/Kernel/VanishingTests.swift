// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing
import Vitals

@testable import Sampling

@Suite("What vanishes while it is read takes nothing else with it")
struct VanishingTests {
    private let tree: PlainTree
    private let clock = HandClock()
    private let scope = "docker-\(String(repeating: "ab", count: 32)).scope"

    init() throws {
        tree = try PlainTree()
        tree.write("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 2000000 kB\n")
        tree.write("cgroup/cgroup.procs", "")
        tree.write("cgroup/cgroup.events", "populated 1\nfrozen 0\n")
        Self.container(tree, scope)
        Self.payload(tree, scope)
    }

    private static func container(_ tree: PlainTree, _ scope: String) {
        tree.container(
            scope, usage: 1,
            more: ["memory.max": "max\n", "memory.current": "30\n", "memory.stat": "inactive_file 10\n"])
    }

    private static func payload(_ tree: PlainTree, _ scope: String) {
        tree.write("cgroup/\(scope)/container/cgroup.procs", "")
        tree.write("cgroup/\(scope)/container/memory.max", "60\n")
    }

    /// Keeps nothing open, so that every file that is read is seen by the hook.
    private func sampler() -> KernelSampler {
        KernelFixture.sampler(tree.roots, KernelOptions(host: false, descriptorBudget: 0), clock)
    }

    /// Runs a body in every pass, when the last file of the scope itself is about to be read; the root has that file too.
    private func during(
        _ sampler: KernelSampler, _ body: @escaping () -> Void, entering: @escaping () -> Void = {}
    ) {
        var looks = 0
        let scope = scope
        sampler.reader.denial = { name in
            let text = String(cString: name)
            if text.hasSuffix(scope) { entering() }
            guard text == "cgroup.events" else { return nil }
            looks += 1
            if looks.isMultiple(of: 2) { body() }
            return nil
        }
    }

    private func container(_ sampler: KernelSampler) throws -> ProbeResult {
        let (kind, _) = try reading(ContainerKind.self, #"{"select":"/\#(scope)"}"#)
        return kind.judge(sampler.containers(try #require(kind.picked)), recentKills: [:])
    }

    private func memory(_ sampler: KernelSampler) throws -> ProbeResult {
        let (kind, _) = try reading(MemoryKind.self, #"{"of":"/\#(scope)"}"#)
        let picked = try #require(kind.picked)
        return kind.judge(picked, sampler.containers(picked))
    }

    @Test("crun's child cgroup: the container stays, and its limits are unknown until they are read again")
    func payload() throws {
        let sampler = sampler()
        #expect(try memory(sampler).message.contains("33.3% memory used"))
        let node = try #require(sampler.tracked.last?.node)
        clock.advance(.seconds(1))
        let (tree, scope) = (tree, scope)
        during(sampler) {
            tree.remove("cgroup/\(scope)/container")
        } entering: {
            Self.payload(tree, scope)
        }

        let runs = try container(sampler)
        let memory = try memory(sampler)
        let figures = try #require(sampler.containers(Selection(["/\(scope)"])).containers.first)

        #expect(runs.outcome == .pass, "\(runs)")
        #expect(memory.outcome == .unknown && memory.reason == "inconclusive.kernel", "\(memory)")
        #expect(figures.populated == true && figures.memoryBytes == 30)
        #expect(figures.memoryLimit == nil, "the scope's own limit is not the container's")
        #expect(figures.limits?.unread.contains { $0.resource == .memory } == true)
        #expect(!node.isGone && sampler.tracked.last?.node === node)

        sampler.reader.denial = nil
        clock.advance(.seconds(1))
        let after = try #require(sampler.containers(Selection(["/\(scope)"])).containers.first)
        #expect(after.memoryLimit == .unlimited && after.limits?.unread.isEmpty == true)
        #expect(sampler.tracked.last?.node === node)
    }

    @Test(
        "a file that says ENODEV, as a controller's does when it is switched off, is missing and nothing else"
    )
    func file() throws {
        let sampler = sampler()
        sampler.refresh(.full)
        let node = try #require(sampler.tracked.last?.node)
        clock.advance(.seconds(1))
        sampler.reader.denial = { String(cString: $0) == "memory.current" ? ENODEV : nil }

        let figures = try #require(sampler.containers(Selection(["/\(scope)"])).containers.first)

        #expect(figures.populated == true && figures.memoryBytes == nil)
        #expect(try container(sampler).outcome == .pass)
        #expect(!node.isGone && sampler.tracked.last?.node === node)
    }

    @Test("a container that is replaced in every pass is unknown; one that is gone does not run")
    func replaced() throws {
        let sampler = sampler()
        sampler.refresh(.full)
        clock.advance(.seconds(1))
        let (tree, scope) = (tree, scope)
        during(sampler) {
            tree.remove("cgroup/\(scope)")
            Self.container(tree, scope)
        }

        for result in [try container(sampler), try memory(sampler)] {
            #expect(result.outcome == .unknown && result.reason == "inconclusive.kernel", "\(result)")
        }
        clock.advance(.seconds(1))
        during(sampler) { tree.remove("cgroup/\(scope)") }
        #expect(try container(sampler).reason == "container.missing")
        #expect(try memory(sampler).reason == "container.missing")
    }
}
