// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `"type": "unit"`: whether a systemd unit runs, seen from its cgroup and without asking systemd, and how full its
/// memory is.
package struct UnitKind: ProbeKind, SelectingKind {
    /// The word in the configuration.
    package static let type = "unit"

    /// The unit's full name, or a glob over such names.
    let unit: String
    /// From this on it warns, percent of the memory limit that is fullest, or of the host's memory where there is none.
    let warnMemoryPercent: Double?
    /// From this on it fails, percent as above.
    let failMemoryPercent: Double?

    /// Reads the keys.
    package init(reading object: inout ConfigurationObject) {
        let written = object.requiredString("unit", example: "agno@1.service")
        if let problem = UnitName.problem(with: written), !written.isEmpty {
            object.fault("unit", "\(object.quote(written)) \(problem)", remedy: UnitName.remedy)
        }
        if let type = Self.processless.first(where: { written.hasSuffix($0) }) {
            object.fault(
                "unit",
                "\(object.quote(written)) has no processes of its own, so its cgroup does not tell whether it is active",
                remedy: "Name a service, scope or slice instead of a unit of type \(type.dropFirst()).")
        }
        unit = Self.fullName(written)
        warnMemoryPercent = object.optionalPercent("warnMemoryPercent")
        failMemoryPercent = object.optionalPercent("failMemoryPercent")
        if let warn = warnMemoryPercent, let fail = failMemoryPercent {
            object.refuse(unless: warn <= fail, "warnMemoryPercent", warn, "above", "failMemoryPercent", fail)
        }
    }

    /// The unit.
    package var target: ShownTarget { ShownTarget(names: [unit]) }

    /// What it names.
    package var picked: Selection? { selection }

    /// Makes the probe.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        probe(context, UnitLedger())
    }

    /// Makes the probe that remembers the restarts that another one has seen.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        probe(context, (old as? any LedgerKeeping)?.ledger as? UnitLedger ?? UnitLedger())
    }

    private func probe(_ context: ProbeContext, _ lives: UnitLedger) -> any Probe {
        KernelProbe(
            context, ledger: lives,
            ask: { [selection] kernel, answer in kernel.containers(selection, answer) },
            judge: { [self] answer in
                let restarts = lives.note(
                    Self.outermost(answer.containers), sinceBoot: context.time.sinceBoot,
                    wall: context.time.wall)
                return judge(answer, restarts: restarts)
            })
    }

    /// Picks the unit by its plain name, or as its directory is called: `foo\x2dbar.service`.
    var selection: Selection {
        // In a glob a backslash would make the next byte plain and vanish itself.
        let pattern = unit.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
        return Selection([pattern], scope: .units)
    }

    /// As systemctl does: a name without a type is a service.
    static func fullName(_ written: String) -> String {
        let types = [".service", ".scope", ".slice"] + processless
        if written.isEmpty || written.hasSuffix("*") || types.contains(where: { written.hasSuffix($0) }) {
            return written
        }
        return written + ".service"
    }

    /// Units of these types are active without a process, or have no cgroup at all.
    private static let processless = [
        ".socket", ".mount", ".automount", ".swap", ".target", ".timer", ".path", ".device",
    ]

    /// One cgroup for each unit, its own: containers that belong to a unit lie below it.
    static func outermost(_ figures: [ContainerFigures]) -> [ContainerFigures] {
        var best: [String: Int] = [:]
        for (i, entry) in figures.enumerated() {
            let length = entry.identity.id.utf8.count
            if let known = best[entry.unitName], figures[known].identity.id.utf8.count <= length { continue }
            best[entry.unitName] = i
        }
        return best.values.sorted().map { figures[$0] }
    }
}

extension ContainerFigures {
    /// The unit's name; the directory's where nobody told it.
    var unitName: String {
        guard identity.unit.isEmpty else { return identity.unit }
        return identity.id.split(separator: "/").last.map(String.init) ?? identity.id
    }
}
