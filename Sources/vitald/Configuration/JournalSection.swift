// SPDX-License-Identifier: Apache-2.0

import Sampling
import Vitals

/// Reads the object `journal`.
struct JournalSection {
    /// The unit of the agent that this daemon stands beside, where it is known: followed where no other is named.
    let agentUnit: String?
    /// The checks, read already: those of type journal want the journal, and name units and patterns.
    let checks: [ConfiguredCheck]

    /// More than these want a glob.
    private static let mostUnits = 200
    /// Each is sought in every message.
    private static let mostPatterns = 32

    /// What is to be read; nil where nobody wants the journal.
    func read(_ top: inout ConfigurationObject) -> JournalOptions? {
        let kinds = checks.compactMap { $0.kind as? JournalKind }
        let isWanted = top.has("journal") || !kinds.isEmpty
        let reading = top.reading
        return top.object("journal") { object in
            let enabled = object.boolean("enabled", default: isWanted)
            if !enabled, let check = checks.first(where: { $0.kind is JournalKind }) {
                let name = object.quote(check.definition.name, else: "")
                object.fault(
                    "enabled", "is false, and the check\(name.isEmpty ? "" : " " + name) reads the journal",
                    remedy: "Remove the line, or the check.")
            }
            let units = units(&object, enabled: enabled, hasChecks: !kinds.isEmpty)
            let patterns = patterns(&object)
            refuseUnknownPatterns(kinds, patterns, reading)
            let kept = object.integer(
                "keepErrors", default: JournalOptions.usualErrors, in: 1...LogsQuery.mostLines)
            let place = place(&object)
            guard enabled else { return nil }
            return JournalOptions(units: units, patterns: patterns, keepErrors: kept, place: place)
        }
    }

    private func units(_ object: inout ConfigurationObject, enabled: Bool, hasChecks: Bool) -> [String] {
        let usual = enabled ? agentUnit.map { [$0] } ?? [] : []
        let units = object.strings("units", default: usual)
        guard units.isEmpty, !object.has("units") || object.raw("units")?.count == 0 else {
            return JournalUnits.read("units", units, &object, most: Self.mostUnits)
        }
        if enabled, !hasChecks {
            object.fault(
                object.has("units") ? "units" : nil,
                object.has("units") ? "names no unit" : "`units` is missing, and no agent's unit is known",
                remedy: "Add for example \"units\": [\"agno-data-api.service\"], or a check of type journal.")
        }
        return []
    }

    private func patterns(_ object: inout ConfigurationObject) -> [JournalPattern] {
        var names: Set<String> = []
        let patterns = object.objects("patterns") { pattern -> JournalPattern? in
            let name = pattern.requiredString("name", example: "oom")
            if !name.isEmpty, !CheckName.isAcceptable(name) {
                pattern.fault(
                    "name", "\(pattern.quote(name)) is not a valid pattern name",
                    remedy: CheckName.remedy(for: name, example: "out_of_memory", in: pattern))
            } else if !name.isEmpty, !names.insert(name).inserted {
                pattern.fault(
                    "name", "\(pattern.quote(name)) is listed twice", remedy: "Give each a name of its own.")
            }
            let search = JournalSearch(reading: &pattern)
            if !pattern.has("match"), !pattern.has("regex") {
                pattern.fault(
                    nil, "looks for nothing",
                    remedy:
                        "Add `match`, a piece of the message, or `regex`, a POSIX extended regular expression."
                )
            }
            let units = JournalUnits.read(
                "units", pattern.strings("units", default: ["*"]), &pattern, most: Self.mostUnits)
            return search.map { JournalPattern(name: name, search: $0, units: units) }
        }
        if patterns.count > Self.mostPatterns {
            object.fault(
                "patterns", "\(patterns.count) patterns are too many",
                remedy: "Keep \(Self.mostPatterns) of them.")
        }
        return patterns.compactMap { $0 }
    }

    private func refuseUnknownPatterns(
        _ kinds: [JournalKind], _ patterns: [JournalPattern], _ reading: ConfigurationReading
    ) {
        let names = patterns.map(\.name)
        for wanted in kinds.compactMap(\.patternName) where !names.contains(wanted.name) {
            let quoted = reading.quote(wanted.name, else: "")
            let near =
                Spelling.nearest(to: wanted.name, among: names).map { "Did you mean \"\($0)\"? " } ?? ""
            reading.add(
                ConfigurationFault(
                    path: wanted.path, line: wanted.line,
                    fact: quoted.isEmpty ? "no pattern has this name" : "there is no pattern named \(quoted)",
                    remedy: near
                        + "Write a name of `journal.patterns`, or what is sought as `match` or `regex`."))
        }
    }

    private func place(_ object: inout ConfigurationObject) -> JournalPlace {
        // null, as the printed configuration has it, is the default.
        guard let found = object.raw("directory"), !found.isNull else {
            object.show("directory") { $0.null() }
            return .system
        }
        guard let path = object.optionalString("directory") else { return .system }
        if !path.hasPrefix("/") {
            object.fault(
                "directory", "\(object.quote(path)) is not an absolute path",
                remedy: "Write for example \"/var/log/journal\", or remove the line for this machine's own.")
        }
        return .directory(path)
    }
}
