// SPDX-License-Identifier: Apache-2.0

/// What one attempt of a check brought home.
package struct ProbeResult: Sendable {
    /// The verdict of this attempt alone.
    package var outcome: Outcome
    /// The stable code; nil when there is nothing to explain (a pass).
    package var reason: Reason?
    /// One sentence for people, without any secret: what was seen and, where it helps, what to do.
    package var message: String
    /// How long the whole attempt took.
    package var duration: Duration = .zero
    /// How long each step took, in order; steps that did not happen are absent.
    package var phases: [PhaseTiming] = []
    /// Named findings for JSON answers, in order: `free_percent`, `response_code`, `role` …
    package var facts: [Fact] = []
    /// Samples for the metrics page; the page adds the label `dependency`.
    package var series: [SeriesPoint] = []
    /// Sentences for the log, without any secret: what this attempt found out about the target that does not concern
    /// its health, such as what a proxy refuses. The probe says each of them once.
    package var remarks: [String] = []
    /// Whether the configuration calls this reason definitive, so that one is enough.
    package var definitive = false

    /// Makes a result; the rest is filled in by whoever knows it.
    package init(_ outcome: Outcome, reason: Reason? = nil, message: String) {
        self.outcome = outcome
        self.reason = reason
        self.message = message
    }
}

/// The time one step of an attempt took.
package struct PhaseTiming: Sendable, Hashable {
    /// The step.
    package let phase: ProbePhase
    /// Its length.
    package let duration: Duration

    /// Makes a timing.
    package init(_ phase: ProbePhase, _ duration: Duration) {
        self.phase = phase
        self.duration = duration
    }
}

/// One named finding.
package struct Fact: Sendable, Hashable {
    /// What a fact may hold.
    package enum Value: Sendable, Hashable {
        /// A text; never a secret.
        case text(String)
        /// A whole number.
        case integer(Int64)
        /// A number; not finite ones are written as null.
        case number(Double)
        /// A truth.
        case boolean(Bool)
    }

    /// The name, in snake_case, with its unit where it has one (`latency_ms`, `free_percent`).
    package let name: String
    /// The finding.
    package let value: Value

    /// Makes a fact.
    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

/// One sample that a probe contributes to the metrics page.
package struct SeriesPoint: Sendable {
    /// What the page shows once the check is stale.
    package enum WhenStale: Sendable {
        /// The sample disappears: its number is too old to be true.
        case omit
        /// The sample stays and becomes 0 (`pg_up`, `probe_success`).
        case zero
    }

    /// The family it belongs to; every point of a family carries the same label names.
    package let family: MetricFamily
    /// Label names and values beside `dependency`, unescaped.
    package let labels: [(name: String, value: String)]
    /// The value.
    package let value: MetricValue
    /// What becomes of it when the check is stale.
    package let whenStale: WhenStale

    /// Makes a sample.
    package init(
        _ family: MetricFamily, _ value: MetricValue, labels: [(name: String, value: String)] = [],
        whenStale: WhenStale = .omit
    ) {
        self.family = family
        self.labels = labels
        self.value = value
        self.whenStale = whenStale
    }
}
