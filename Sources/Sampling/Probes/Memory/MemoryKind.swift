// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `"type": "memory"`: how much memory is in use, of the host, of vitald's own container, or of others.
package struct MemoryKind: ProbeKind, SelectingKind {
    /// The word in the configuration.
    package static let type = "memory"

    /// Whose memory.
    enum Subject: Sendable, Hashable {
        /// The machine's.
        case host
        /// That of the cgroup vitald runs in.
        case own
        /// That of each container picked; the worst counts.
        case containers(Selection)
    }

    /// Whose memory.
    let subject: Subject
    /// From this on it warns, percent in use.
    let warnPercent: Double
    /// From this on it fails, percent in use.
    let failPercent: Double
    /// From this on it warns, percent of the last 10 s in which a task waited for memory.
    let warnPressure: Double?

    /// Reads the keys.
    package init(reading object: inout ConfigurationObject) {
        let selection = object.selection("of", default: "host")
        subject =
            switch selection.patterns {
            case ["host"]: .host
            case ["self"]: .own
            default: .containers(selection)
            }
        warnPercent = object.percent("warnPercent", default: 85)
        failPercent = object.percent("failPercent", default: 95)
        warnPressure = object.optionalPercent("warnPressure")
        object.refuse(
            unless: warnPercent <= failPercent, "warnPercent", warnPercent, "above", "failPercent",
            failPercent)
    }

    /// `host`, `self` or the selector.
    package var target: ShownTarget {
        switch subject {
        case .host: ShownTarget(words: "host")
        case .own: ShownTarget(words: "self")
        case .containers(let selection): ShownTarget(names: selection.patterns)
        }
    }

    /// What it names; nil for the machine and vitald's own cgroup.
    package var picked: Selection? {
        if case .containers(let selection) = subject { selection } else { nil }
    }

    /// Makes the probe.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        switch subject {
        case .host:
            return KernelProbe(
                context, ask: { kernel, answer in kernel.host(answer) },
                judge: { [self] figures in judge(figures) })
        case .own:
            return KernelProbe(
                context, ask: { kernel, answer in kernel.own(answer) },
                judge: { [self] answer in judge(own: answer) })
        case .containers(let selection):
            return KernelProbe(
                context, ask: { kernel, answer in kernel.containers(selection, answer) },
                judge: { [self] answer in judge(selection, answer) })
        }
    }
}
