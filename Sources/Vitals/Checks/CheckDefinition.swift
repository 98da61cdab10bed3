// SPDX-License-Identifier: Apache-2.0

/// The keys that every check has, whatever its type.
package struct CheckDefinition: Sendable, Equatable {
    /// Unique, `[a-z0-9_.-]{1,64}`.
    package var name: String
    /// The type's word: `postgres`, `http` …
    package var type: String
    /// What feeds it; nil where vitald asks for itself.
    package var fedBy: PushItem.Kind?
    /// A check that is switched off is listed and never run.
    package var enabled = true
    /// How much it weighs.
    package var impact = Impact.critical
    /// Time between the starts of two attempts.
    package var interval = Duration.seconds(10)
    /// The one deadline of an attempt, over everything it does; below `interval`.
    package var timeout = Duration.seconds(5)
    /// Consecutive fails until unhealthy.
    package var fall = 3
    /// Consecutive non-passes until degraded.
    package var warnAfter = 3
    /// Consecutive better results until it improves.
    package var rise = 2
    /// Failures do not count until the first pass or this long after the start.
    package var startPeriod = Duration.zero
    /// The interval while starting.
    package var startInterval = Duration.seconds(1)
    /// Intervals without a result until the evidence is stale.
    package var staleAfter = 3
    /// Words to select by.
    package var tags: [String] = []
    /// Names of the checks whose failure explains this one's.
    package var dependsOn: [String] = []
    /// What it is for, for people.
    package var description: String?
    /// Where to read what to do, usually an URL.
    package var runbook: String?
    /// What is probed, for people, without any secret: `localhost:5432/agno_data`.
    package var target = ""
    /// The canonical text of the whole configuration of the check, for telling on reload whether it changed.
    package var fingerprint = ""
    /// Stands for what is asked, of whom and how: without names and texts, thresholds and credentials. What is known of
    /// a check holds for as long as this stays the same.
    package var question = ""
    /// Stands for everything that a probe of the check is made of, thresholds and credentials included. The probe goes
    /// on for as long as this stays the same.
    package var probeFingerprint = ""

    /// Makes a definition with the defaults.
    package init(name: String, type: String) {
        self.name = name
        self.type = type
    }

    /// Whether this definition asks the same of the same target as another one of this name, so that what is known by
    /// the other still holds. Nothing is known of a check that is switched off.
    package func asksTheSame(as other: CheckDefinition) -> Bool {
        name == other.name && type == other.type && question == other.question && enabled == other.enabled
    }
}
