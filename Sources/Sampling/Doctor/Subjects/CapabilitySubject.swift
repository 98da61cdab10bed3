// SPDX-License-Identifier: Apache-2.0

import Vitals

extension Subject {
    /// What vitald may do beyond what everybody may (capabilities(7)): nothing is needed.
    static let capabilities = Subject("capabilities") { surroundings in
        let status = surroundings.text(surroundings.roots.proc("self/status")) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let word = line?.dropFirst(7).filter({ !$0.isWhitespace }), let mask = UInt64(word, radix: 16)
        else {
            return Diagnosis(
                "capabilities", .unknown, "vitald's own capabilities cannot be read",
                remedy: "Look whether \(surroundings.roots.proc) is a procfs.")
        }
        let deep = "open files, input and output of other users' processes"
        let hasDeepView = mask & Self.deepView == Self.deepView
        if mask == 0 {
            return Diagnosis(
                "capabilities", .ok, "none, and none is needed; only \(deep) stay hidden",
                remedy: "To see those as well, use the drop-in deep.conf in /usr/share/doc/vitald/examples.")
        }
        if hasDeepView, mask == Self.deepView {
            return Diagnosis("capabilities", .ok, "those that show \(deep)")
        }
        let count = mask.nonzeroBitCount
        return Diagnosis(
            "capabilities", hasDeepView ? .ok : .limited,
            "\(count) of root's \(count == 1 ? "power" : "powers")"
                + (hasDeepView ? ", more than vitald has use for" : ", without those that show \(deep)"),
            remedy: "Run it as the user vitald, as its unit does; it needs none.")
    }

    /// CAP_DAC_READ_SEARCH (2) and CAP_SYS_PTRACE (19).
    private static let deepView: UInt64 = 1 << 2 | 1 << 19
}
