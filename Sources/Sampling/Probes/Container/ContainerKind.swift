// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `"type": "container"`: whether the containers picked run, and within their means.
package struct ContainerKind: ProbeKind, SelectingKind {
    /// The word in the configuration.
    package static let type = "container"
    /// A kill older than this is history, not health.
    static let longestWindow = Duration.seconds(30 * 86_400)

    /// Which containers; the worst counts.
    let selection: Selection
    /// From this on it warns, percent of the CPU quota that holds, or of the host where there is no quota.
    let warnCPUPercent: Double?
    /// From this on it warns, percent of the enforcement periods that were throttled.
    let warnThrottledPercent: Double?
    /// From this on it warns, percent of the memory limit that is fullest, or of the host's memory where there is none.
    let warnMemoryPercent: Double?
    /// From this on it fails, percent as above.
    let failMemoryPercent: Double?
    /// It fails for this long after the OOM killer struck.
    let failOnOOM: Duration?

    /// Reads the keys.
    package init(reading object: inout ConfigurationObject) {
        selection = object.requiredSelection("select", example: "agno-*")
        warnCPUPercent = object.optionalPercent("warnCPUPercent")
        warnThrottledPercent = object.optionalPercent("warnThrottledPercent")
        warnMemoryPercent = object.optionalPercent("warnMemoryPercent")
        failMemoryPercent = object.optionalPercent("failMemoryPercent")
        failOnOOM = object.optionalDuration("failOnOOM", in: .seconds(1)...Self.longestWindow)
        if let warn = warnMemoryPercent, let fail = failMemoryPercent {
            object.refuse(unless: warn <= fail, "warnMemoryPercent", warn, "above", "failMemoryPercent", fail)
        }
    }

    /// The selector.
    package var target: ShownTarget { ShownTarget(names: selection.patterns) }

    /// What it names; nil for vitald's own cgroup.
    package var picked: Selection? { selection.patterns == ["self"] ? nil : selection }

    /// Makes the probe.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        probe(context, ContainerLedger())
    }

    /// Makes the probe that remembers the kills that another one has seen.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        probe(context, (old as? any LedgerKeeping)?.ledger as? ContainerLedger ?? ContainerLedger())
    }

    private func probe(_ context: ProbeContext, _ ledger: ContainerLedger) -> any Probe {
        let judge: @Sendable (ContainerAnswer) -> ProbeResult = { [self] answer in
            let kills = ledger.note(
                answer.containers, now: context.time.now, wall: context.time.wall, within: failOnOOM)
            return self.judge(answer, recentKills: kills)
        }
        if picked == nil {
            return KernelProbe(
                context, ledger: ledger, ask: { kernel, answer in kernel.own(answer) }, judge: judge)
        }
        return KernelProbe(
            context, ledger: ledger,
            ask: { [selection] kernel, answer in kernel.containers(selection, answer) }, judge: judge)
    }
}
