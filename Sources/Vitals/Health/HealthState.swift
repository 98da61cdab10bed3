// SPDX-License-Identifier: Apache-2.0

/// What is said of a check, or of all of them, at one moment: one choice for level, phase and being switched off together.
package enum HealthState: UInt8, CaseIterable, Sendable {
    /// Works.
    case healthy
    /// Works, with something to look at.
    case degraded
    /// Does not work.
    case unhealthy
    /// Judged, and nothing is known.
    case unknown
    /// No evidence that counts yet.
    case pending
    /// The last evidence is too old to say anything.
    case stale
    /// Switched off by the configuration.
    case switchedOff

    /// The state of a check.
    package init(_ level: Level, _ phase: Phase, enabled: Bool = true) {
        self =
            switch (enabled, phase, level) {
            case (false, _, _): .switchedOff
            case (true, .pending, _): .pending
            case (true, .stale, _): .stale
            case (true, .active, .healthy): .healthy
            case (true, .active, .degraded): .degraded
            case (true, .active, .unhealthy): .unhealthy
            case (true, .active, .unknown): .unknown
            }
    }

    /// The state of the whole.
    package init(_ status: Status) {
        self =
            switch status {
            case .healthy: .healthy
            case .degraded: .degraded
            case .unhealthy: .unhealthy
            }
    }

    /// The word that people see: `off` where it is switched off, else that of its level or phase.
    package var word: String {
        switch self {
        case .healthy: Level.healthy.word
        case .degraded: Level.degraded.word
        case .unhealthy: Level.unhealthy.word
        case .unknown: Level.unknown.word
        case .pending: Phase.pending.word
        case .stale: Phase.stale.word
        case .switchedOff: "off"
        }
    }
}
