// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vitals

@testable import Sampling

/// What checks say of what a sampler sees, and the trees to look at.
enum Sight {
    /// What a container, a memory and a unit check say of a name, asked of a sampler that knows them from the configuration.
    struct Verdicts {
        var container: ProbeResult
        var memory: ProbeResult
        var unit: ProbeResult

        var all: [ProbeResult] { [container, memory, unit] }
    }

    static func container(_ name: String, _ keys: String = "") throws -> ContainerKind {
        try reading(ContainerKind.self, #"{"select":"\#(name)"\#(keys)}"#).0
    }

    static func judge(_ kind: ContainerKind, _ sampler: KernelSampler) throws -> ProbeResult {
        kind.judge(sampler.containers(try #require(kind.picked)), recentKills: [:])
    }

    static func unit(_ name: String) throws -> UnitKind {
        try reading(UnitKind.self, #"{"unit":"\#(name)"}"#).0
    }

    static func judge(_ kind: UnitKind, _ sampler: KernelSampler) throws -> ProbeResult {
        kind.judge(sampler.containers(try #require(kind.picked)), restarts: [:])
    }

    static func verdicts(_ sampler: KernelSampler, of name: String = "late.service") throws -> Verdicts {
        let (memory, _) = try reading(MemoryKind.self, #"{"of":"\#(name)"}"#)
        let picked = try #require(memory.picked)
        return Verdicts(
            container: try judge(try container(name), sampler),
            memory: memory.judge(picked, sampler.containers(picked)),
            unit: try judge(try unit(name), sampler))
    }

    static func hundred(_ tree: PlainTree, named: [String]) {
        tree.write("cgroup/cgroup.procs", "")
        for number in 100..<200 { tree.container("system.slice/a\(number).service", usage: 1) }
        for name in named { tree.container("system.slice/\(name)", usage: 1, more: memory) }
    }

    static let memory = [
        "memory.current": "2048\n", "memory.max": "4096\n", "memory.stat": "inactive_file 1024\n",
    ]
}
