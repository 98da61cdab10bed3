// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// What vitald may do beyond what everybody may (capabilities(7)): nothing is needed, unless a figure is wanted that
    /// only root's powers show.
    static let capabilities = Subject("capabilities") { surroundings in
        let status = surroundings.text(surroundings.roots.proc("self/status")) ?? ""
        guard let held = CapabilitySet("CapEff", in: status) else {
            return Diagnosis(
                "capabilities", .unknown, "vitald's own capabilities cannot be read",
                remedy: "Check whether \(surroundings.roots.proc) is a procfs.")
        }
        if let gap = surroundings.gap(.capabilities) { return lacking(gap, held, status) }
        guard !held.isEmpty else {
            return Diagnosis("capabilities", .ok, "none, and none is needed for what is configured")
        }
        let rest = held.subtracting(.deepView).names
        if rest.isEmpty { return Diagnosis("capabilities", .ok, uses(of: held)) }
        let useful = held.intersection(.deepView)
        let surplus =
            "\(rest.count == 1 ? "" : "such as ")\(rest.prefix(3).joined(separator: ", "))"
            + ", that vitald has no use for: as the user vitald it needs none"
        return Diagnosis(
            "capabilities", .ok,
            useful.isEmpty
                ? "\(rest.count), \(surplus)" : "\(uses(of: useful)), and \(rest.count) more, \(surplus)")
    }

    /// A figure that is configured is missing, for want of some of them or in spite of all.
    private static func lacking(_ gap: KernelGap, _ held: CapabilitySet, _ status: String) -> Diagnosis {
        let wanted = gap.takes.subtracting(held)
        guard !wanted.isEmpty else {
            return Diagnosis(
                "capabilities", .limited, "\(gap.fact), in spite of \(gap.takes.words)",
                remedy: "Look into the kernel's log for AppArmor or SELinux, or switch off what asks for it.")
        }
        let isBounded = CapabilitySet("CapBnd", in: status).map { !$0.contains(wanted) } ?? false
        return Diagnosis(
            "capabilities", .limited,
            "\(gap.fact): it takes \(wanted.words)"
                + (isBounded ? ", which its bounding set does not allow either" : ""), remedy: gap.remedy)
    }

    private static func uses(of held: CapabilitySet) -> String {
        var uses: [String] = []
        if held.contains(.search) {
            uses.append("\(CapabilitySet.search.words) (names of containers, container_sockets)")
        }
        if held.contains(.tracing) {
            uses.append("\(CapabilitySet.tracing.words) (container_sockets, container_fs_*, hidepid=)")
        }
        return uses.joined(separator: ", ")
    }
}

extension CapabilitySet {
    /// Their names in a sentence.
    fileprivate var words: String { names.joined(separator: " and ") }
}
