// SPDX-License-Identifier: Apache-2.0

import Vitals

/// One check in the draft's `checks` object: its key is `component:measurement`.
struct HealthEntry {
    private let check: CheckReport
    private let measurement: (name: String, value: Double, unit: String)?

    init(_ check: CheckReport) {
        self.check = check
        measurement = check.last.map(Self.measurement)
    }

    /// What was measured: a share where the check is about one (`free_percent`), else the time it took.
    private static func measurement(_ last: ProbeResult) -> (name: String, value: Double, unit: String) {
        let latency = ("responseTime", (last.duration.milliseconds * 1000).rounded() / 1000, "ms")
        guard let fact = last.facts.first(where: { $0.name.hasSuffix("_percent") }) else { return latency }
        // A connection that also tells a share is still about its time.
        if last.facts.contains(where: { $0.name.hasSuffix("latency_ms") }) { return latency }
        switch fact.value {
        case .number(let value) where value.isFinite: return (fact.name, value, "percent")
        case .integer(let value): return (fact.name, Double(value), "percent")
        default: return latency
        }
    }

    /// Writes the member.
    func write(to json: inout JSONWriter) {
        let name = check.definition.name
        json.member(
            measurement.map { name + ":" + $0.name } ?? name,
            array: { json in
                json.object { json in
                    json.member("componentId", name)
                    json.member("componentType", componentType)
                    if let measurement {
                        json.member("observedValue", measurement.value)
                        json.member("observedUnit", measurement.unit)
                    }
                    json.member("status", HealthRoute.word(check.condition))
                    json.member("time", check.lastCompletedWall?.rfc3339)
                    // "output" is for what did not pass.
                    if check.condition != .healthy { json.member("output", check.explanation) }
                    json.member("type", check.definition.type)
                    json.member("impact", check.definition.impact.rawValue)
                    json.member("level", check.shownLevel.word)
                    json.member("phase", check.phase.word)
                    json.member("reason", check.last?.reason?.code)
                    json.member("since", check.since?.rfc3339)
                    json.member("suppressedBy", check.suppressedBy)
                    if check.flapping { json.member("flapping", true) }
                    if check.maintenance { json.member("maintenance", true) }
                    json.member("notes", check.definition.description)
                    if let runbook = check.definition.runbook {
                        json.member("links", object: { $0.member("runbook", runbook) })
                    }
                }
            })
    }

    /// The draft knows `component`, `datastore` and `system`.
    private var componentType: String {
        switch check.definition.type {
        case "postgres", "redis": "datastore"
        case "filesystem", "memory": "system"
        default: "component"
        }
    }
}
