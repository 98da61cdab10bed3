// SPDX-License-Identifier: Apache-2.0

package import Vitals

/// `"type": "journal"`: what units write to the journal: too many errors, a message that should not be there, or
/// nothing at all.
package struct JournalKind: ProbeKind {
    /// The word in the configuration.
    package static let type = "journal"
    /// What is older is history, not health; and has to be read again at every start.
    static let longestWindow = Duration.seconds(86_400)
    /// More units than this want a glob.
    static let mostUnits = 64

    /// What a found pattern is.
    enum Verdict: String, CaseIterable, Sendable {
        case warn
        case fail
    }

    /// A pattern of the configuration, and where the check names it.
    package struct PatternName: Sendable {
        /// Its name.
        package let name: String
        /// The place and its line.
        package let path: String
        /// The line on which the check begins.
        package let line: Int?
    }

    /// Globs of the units.
    package let units: [String]
    /// How far back errors and matches count.
    let window: Duration
    /// Entries of this priority or a more urgent one are errors.
    let priority: JournalPriority
    /// From so many errors within the window on it warns.
    let warnErrors: Int?
    /// From so many on it fails.
    let failErrors: Int?
    /// The pattern of the configuration that it looks for.
    package let patternName: PatternName?
    /// Or one of its own.
    let search: JournalSearch?
    /// What a match within the window is.
    let verdict: Verdict
    /// It warns when the units have written nothing for so long.
    let warnSilence: Duration?
    /// And fails.
    let failSilence: Duration?

    /// Reads the keys.
    package init(reading object: inout ConfigurationObject) {
        units = Self.units(&object)
        window = object.duration("window", default: .seconds(300), in: .seconds(1)...Self.longestWindow)
        priority = object.choice("priority", default: .err)
        warnErrors = Self.count(&object, "warnErrors")
        failErrors = Self.count(&object, "failErrors")
        if let warn = warnErrors, let fail = failErrors, warn > fail {
            object.fault(
                "warnErrors", "\(warn) is above `failErrors`, \(fail)",
                remedy: "Change one of the two, so that the warning comes before the failure.")
        }
        let name = object.optionalString("pattern")
        patternName = name.map {
            PatternName(name: $0, path: object.path(of: "pattern"), line: object.line)
        }
        search = JournalSearch(reading: &object)
        if name != nil, object.has("match") || object.has("regex") {
            object.fault(
                "pattern", "is set beside `\(object.has("match") ? "match" : "regex")`",
                remedy: "Keep one of the two.")
        }
        verdict = object.choice("outcome", default: .fail)
        let silences: ClosedRange<Duration> = .seconds(1)...Self.longestWindow
        warnSilence = object.optionalDuration("warnSilence", in: silences)
        failSilence = object.optionalDuration("failSilence", in: silences)
        if let warn = warnSilence, let fail = failSilence, warn > fail {
            object.fault(
                "warnSilence",
                "\(DurationText.render(warn)) is above `failSilence`, \(DurationText.render(fail))",
                remedy: "Change one of the two, so that the warning comes before the failure.")
        }
        let wants: [StaticString] = [
            "warnErrors", "failErrors", "pattern", "match", "regex", "warnSilence", "failSilence",
        ]
        if !wants.contains(where: { object.has($0) }) {
            object.fault(
                nil, "looks for nothing",
                remedy: "Add for example \"failErrors\": 10, \"match\": \"Out of memory\" or "
                    + "\"failSilence\": \"10m\".")
        }
    }

    /// The units.
    package var target: ShownTarget { ShownTarget(names: units) }

    /// What counts as an error, how far back, and what a match means; the units and the pattern are the question.
    package static var judgementKeys: Set<String> { ["window", "priority", "outcome"] }

    /// Makes the probe.
    package func makeProbe(_ definition: CheckDefinition, _ context: ProbeContext) -> any Probe {
        JournalProbe(self, context)
    }

    /// Makes the probe that goes on with what another one has counted, where both count the same.
    package func makeProbe(
        _ definition: CheckDefinition, _ context: ProbeContext, following old: any Probe
    ) -> any Probe {
        guard let old = old as? JournalProbe, let watch = old.handOver(to: self) else {
            return JournalProbe(self, context)
        }
        return JournalProbe(self, context, watch)
    }

    /// What the journal's thread has to note.
    var plan: JournalWatch.Plan {
        JournalWatch.Plan(
            units: units, window: window, priority: priority,
            pattern: patternName.map { .named($0.name) } ?? search.map { .own($0) },
            lookBack: [window, warnSilence, failSilence].compactMap { $0 }.reduce(window, max))
    }

    private static func units(_ object: inout ConfigurationObject) -> [String] {
        if object.has("unit"), object.has("units") {
            object.fault("units", "is set beside `unit`", remedy: "Keep one of the two.")
        }
        guard !object.has("units") else {
            _ = object.raw("unit")
            return JournalUnits.read("units", object.strings("units", default: []), &object, most: mostUnits)
        }
        _ = object.raw("units")
        let unit = object.requiredString("unit", example: "agno-data-api.service")
        return unit.isEmpty ? [] : JournalUnits.read("unit", [unit], &object, most: mostUnits)
    }

    private static func count(_ object: inout ConfigurationObject, _ key: StaticString) -> Int? {
        guard object.has(key) else {
            _ = object.raw(key)
            return nil
        }
        return object.integer(key, default: 1, in: 1...1_000_000)
    }
}
