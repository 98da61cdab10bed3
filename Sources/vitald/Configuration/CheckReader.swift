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
        definition.fedBy = (kind as? any PassiveKind.Type)?.item
        definition.target = part.target.description
        definition.identify(by: object, from: common, as: kind)
        return ConfiguredCheck(definition: definition, kind: part)
    }

    private func name(_ object: inout ConfigurationObject, _ progress: inout Progress) -> String {
        let name = object.requiredString("name", example: "database")
        guard !name.isEmpty else { return name }
        guard CheckName.isAcceptable(name) else {
            object.fault(
                "name", "\(object.quote(name)) is not a valid check name",
                remedy: CheckName.remedy(for: name, example: "database", in: object))
            return name
        }
        let line = object.raw("name")?.place.line ?? 0
        if let first = progress.linesByName[name] {
            object.fault(
                "name", "\(object.quote(name)) is also the name of the check in line \(first)",
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
            "type", "\(object.quote(type)) is not a type of check",
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
        definition.description = description(&object)
        definition.runbook = runbook(&object)
    }

    /// What people are shown: of a URL in a description only its place.
    private func description(_ object: inout ConfigurationObject) -> String? {
        object.optionalText("description").map {
            refuseLong($0, "description", object)
            return SecretMask.mask($0)
        }
    }

    /// A link that people follow: it is shown whole, so nothing that opens a door may stand in it.
    private func runbook(_ object: inout ConfigurationObject) -> String? {
        guard let text = object.optionalString("runbook") else { return nil }
        refuseLong(text, "runbook", object)
        if SecretMask.holdsCredential(text) {
            object.fault(
                "runbook", "holds a user, a password or a token, and the link is shown to everybody",
                remedy: "Write the link without it.")
        }
        return text
    }

    private func refuseLong(_ text: String, _ key: String, _ object: ConfigurationObject) {
        guard text.utf8.count > CheckRanges.maximumText else { return }
        object.fault(
            key, "is \(text.utf8.count) bytes long", remedy: "Shorten it to \(CheckRanges.maximumText).")
    }

    private func readReferences(
        _ object: inout ConfigurationObject, _ definition: inout CheckDefinition, _ progress: inout Progress
    ) {
        definition.tags = object.strings("tags", default: [])
        for tag in definition.tags where !CheckName.isAcceptable(tag) {
            object.fault(
                "tags", "\(object.quote(tag)) is not a valid tag",
                remedy: CheckName.remedy(for: tag, example: "storage", in: object))
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
            let quoted = reading.quote(reference.to, else: "")
            reading.add(
                ConfigurationFault(
                    path: reference.path, line: reference.line,
                    fact: quoted.isEmpty ? "no check has this name" : "there is no check named \(quoted)",
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
            // A name that is none has been refused, and may be a secret.
            let names = (circle + [first]).map { CheckName.isAcceptable($0) ? $0 : "…" }
            let fact =
                circle.count == 1
                ? "\(reading.quote(first, else: "the check")) depends on itself"
                : "is circular: " + names.joined(separator: " -> ")
            reading.add(
                ConfigurationFault(
                    path: reference.path, line: reference.line, fact: fact,
                    remedy: circle.count == 1 ? "Remove it." : "Remove one of these dependencies."))
        }
    }
}
