// SPDX-License-Identifier: Apache-2.0

import Vitals

extension ConfigurationObject {
    /// A container selector that must be there: one pattern or a list of them.
    mutating func requiredSelection(_ key: StaticString, example: String) -> Selection {
        guard has(key) else {
            return Selection([requiredString(key, example: example)], scope: .containers)
        }
        return selection(key, default: example)
    }

    /// A container selector with a default: one pattern or a list of them, none empty.
    mutating func selection(_ key: StaticString, default fallback: String) -> Selection {
        let isList = raw(key)?.kind == .array
        let patterns = isList ? strings(key, default: []) : [string(key, default: fallback)]
        if patterns.isEmpty {
            fault("\(key)", "is an empty list", remedy: "Write for example \"\(fallback)\".")
        } else if patterns.contains(where: { $0.isEmpty || $0 == "!" }) {
            fault("\(key)", "holds an empty pattern", remedy: "Write for example \"\(fallback)\".")
        } else if refuseOddPatterns(patterns, "\(key)") {
            return Selection(patterns)
        } else if patterns.allSatisfy({ $0.hasPrefix("!") }) {
            fault(
                "\(key)", "only excludes and so picks nothing",
                remedy: "Add what it picks after the exclusions, for example \"*\".")
        }
        return Selection(patterns, scope: .containers)
    }

    /// Refuses patterns with what no name and no path of a container holds, and what is in every URL, header and
    /// connection string: one of those was written in the wrong place. Tells whether there was one.
    package func refuseOddPatterns(_ patterns: [String], _ key: String) -> Bool {
        let odd = patterns.filter { pattern in
            pattern.utf8.contains { $0 <= 0x20 || $0 == UInt8(ascii: "=") } || ShownURL.isIn(pattern)
        }
        guard !odd.isEmpty else { return false }
        fault(
            key, "holds a pattern with a blank, an = or a URL",
            remedy: "Write names of containers or units, and ? for a character that is none of these.")
        return true
    }
}

extension Selection {
    /// The patterns in one text, for people.
    var text: String { ShownTarget(names: patterns).description }
}

extension ContainerFigures {
    /// What people call it: its name, else its unit, else its path.
    var title: String {
        if !identity.name.isEmpty { return identity.name }
        return identity.unit.isEmpty ? identity.id : identity.unit
    }

    /// Whether anything lives in it; nil when nothing tells.
    var isAlive: Bool? {
        if let populated { return populated }
        // The root has no cgroup.events, and always lives.
        if identity.id == "/" { return true }
        // A process that is listed lives. That none is says nothing: those of a threaded cgroup are listed elsewhere.
        return processes.flatMap { $0 > 0 ? true : nil }
    }

    /// Why one of these files of its cgroup, or all of it, could not be read; nil where they could or do not exist.
    func fault(in files: String...) -> UnreadableFile? {
        unreadable.first { fault in
            fault.name == "." || files.contains { fault.name == $0 || fault.name.hasSuffix("/" + $0) }
        }
    }
}
