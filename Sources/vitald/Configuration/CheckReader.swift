// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Reads the list of checks.
struct CheckReader {
    /// Every kind of check there is, in the order of the manual.
    let kinds: [any CheckKind.Type]
    /// What checks get that do not say otherwise.
    let defaults: CheckDefaults

    /// A reference to another check, and where it stands.
    private struct Reference {
        let from: String
        let to: String
        let path: String
        let line: Int?
    }

    /// What is known of the list while it is read.
    private struct Progress {
        var linesByName: [String: Int] = [:]
        var references: [Reference] = []
    }

    /// Reads `checks`; a check of an unknown type is left out, with its fault recorded.
    func read(_ top: inout ConfigurationObject) -> [ConfiguredCheck] {
        var progress = Progress()
        let checks = top.objects("checks") { read(&$0, &progress) }.compactMap { $0 }
        refuseUnknownNames(progress, top.reading)
        refuseCircles(progress, top.reading)
        return checks
    }

    private func read(_ object: inout ConfigurationObject, _ progress: inout Progress) -> ConfiguredCheck? {
        let name = name(&object, &progress)
        let type = object.requiredString("type", example: "http")
        object.refuseReserved(ReservedNames.check)
        var definition = CheckDefinition(name: name, type: type)
        readCommon(&object, &definition)
        readReferences(&object, &definition, &progress)
        guard let kind = kinds.first(where: { $0.type == type }) else {
            if object.has("type"), !type.isEmpty { refuse(type: type, &object) }
            object.takeTheRest()  // what an unknown kind would hold, nobody knows
            return nil
        }
        let common = object.effective.count
        let part = kind.init(reading: &object)
        definition.target = part.target
        definition.identify(by: object, from: common, as: kind)
        return ConfiguredCheck(definition: definition, kind: part)
    }

    private func name(_ object: inout ConfigurationObject, _ progress: inout Progress) -> String {
        let name = object.requiredString("name", example: "database")
        guard !name.isEmpty else { return name }
        guard CheckName.isAcceptable(name) else {
            object.fault(
                "name", "\(Quotation.quote(name)) is no name for a check",
                remedy:
                    "Use 1 to \(CheckName.maximumLength) of a-z, 0-9, \"_\", \".\" and \"-\", for example "
                    + "\"\(CheckName.suggestion(for: name))\".")
            return name
        }
        let line = object.raw("name")?.place.line ?? 0
        if let first = progress.linesByName[name] {
            object.fault(
                "name", "\"\(name)\" is the name of the check in line \(first) too",
                remedy: "Give each check a name of its own.")
        } else {
            progress.linesByName[name] = line
        }
        return name
    }

    private func refuse(type: String, _ object: inout ConfigurationObject) {
        guard !ReservedNames.types.contains(type) else {
            return object.fault(
                "type", "`\(type)` is not available in this version", remedy: "Remove the check.")
        }
        let known = kinds.map { $0.type }
        let near = Spelling.nearest(to: type, among: known).map { "Did you mean \"\($0)\"? " } ?? ""
        object.fault(
            "type", "\(Quotation.quote(type)) is no type of check",
            remedy: near + "The types are: \(known.joined(separator: ", ")).")
    }

    private func readCommon(_ object: inout ConfigurationObject, _ definition: inout CheckDefinition) {
        definition.enabled = object.boolean("enabled", default: true)
        definition.impact = object.choice("impact", default: .critical)
        definition.interval = object.duration(
            "interval", default: defaults.interval, in: CheckRanges.interval)
        definition.timeout = object.duration(
            "timeout", default: defaults.timeout(within: definition.interval), in: CheckRanges.timeout)
        CheckRanges.refuseLongTimeout(definition.timeout, within: definition.interval, in: &object)
        definition.fall = object.integer("fall", default: defaults.fall, in: CheckRanges.count)
        definition.warnAfter = object.integer(
            "warnAfter", default: defaults.warnAfter ?? definition.fall, in: CheckRanges.count)
        definition.rise = object.integer("rise", default: defaults.rise, in: CheckRanges.count)
        definition.startPeriod = object.duration("startPeriod", default: .zero, in: CheckRanges.startPeriod)
        definition.startInterval = object.duration(
            "startInterval", default: .seconds(1), in: CheckRanges.interval)
        definition.staleAfter = object.integer("staleAfter", default: 3, in: CheckRanges.staleAfter)
        definition.description = text(&object, "description")
        definition.runbook = text(&object, "runbook")
    }

    private func text(_ object: inout ConfigurationObject, _ key: StaticString) -> String? {
        guard let text = object.optionalString(key) else { return nil }
        if text.utf8.count > CheckRanges.maximumText {
            object.fault(
                "\(key)", "is \(text.utf8.count) bytes long",
                remedy: "Shorten it to \(CheckRanges.maximumText).")
        }
        return text
    }

    private func readReferences(
        _ object: inout ConfigurationObject, _ definition: inout CheckDefinition, _ progress: inout Progress
    ) {
        definition.tags = object.strings("tags", default: [])
        for tag in definition.tags where !CheckName.isAcceptable(tag) {
            object.fault(
                "tags", "\(Quotation.quote(tag)) is no tag",
                remedy:
                    "Use 1 to \(CheckName.maximumLength) of a-z, 0-9, \"_\", \".\" and \"-\", for example "
                    + "\"\(CheckName.suggestion(for: tag))\".")
        }
        let elements = object.raw("dependsOn")?.elements ?? []
        definition.dependsOn = object.strings("dependsOn", default: [])
        for key: StaticString in ["tags", "dependsOn"] {
            guard let count = object.raw(key)?.count, count > CheckRanges.maximumTags else { continue }
            object.fault(
                "\(key)", "\(count) are too many", remedy: "Keep \(CheckRanges.maximumTags) of them.")
        }
        for (i, element) in elements.enumerated() {
            guard let to = element.string else { continue }
            progress.references.append(
                Reference(
                    from: definition.name, to: to, path: object.path(of: "dependsOn[\(i)]"),
                    line: element.place.line))
        }
    }

    private func refuseUnknownNames(_ progress: Progress, _ reading: ConfigurationReading) {
        for reference in progress.references where progress.linesByName[reference.to] == nil {
            let near = Spelling.nearest(to: reference.to, among: progress.linesByName.keys)
            reading.add(
                ConfigurationFault(
                    path: reference.path, line: reference.line,
                    fact: "there is no check named \(Quotation.quote(reference.to))",
                    remedy: near.map { "Did you mean \"\($0)\"?" }
                        ?? "Write the name of a check of this file."))
        }
    }

    private func refuseCircles(_ progress: Progress, _ reading: ConfigurationReading) {
        let graph = Dictionary(grouping: progress.references, by: \.from)
        for circle in DependencyCircles.find(in: graph.mapValues { $0.map(\.to) }) {
            guard let first = circle.first, let second = circle.dropFirst().first ?? circle.first,
                let reference = graph[first]?.first(where: { $0.to == second })
            else { continue }
            let fact =
                circle.count == 1
                ? "\"\(first)\" depends on itself"
                : "goes in a circle: " + (circle + [first]).joined(separator: " -> ")
            reading.add(
                ConfigurationFault(
                    path: reference.path, line: reference.line, fact: fact,
                    remedy: "Remove one of its members."))
        }
    }
}
