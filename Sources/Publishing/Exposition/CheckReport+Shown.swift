// SPDX-License-Identifier: Apache-2.0

import Vitals

extension CheckReport {
    /// The level as the world sees it: evidence that is too old, or not there yet, shows nothing.
    var shownLevel: Level { phase == .active ? level : .unknown }

    /// The condition of the check alone, for answers that know three words: what it would add if it counted in
    /// full. Pending weighs as degraded, stale as unhealthy, the latter as degraded where it is not critical.
    var condition: Status {
        switch phase {
        case .pending: return .degraded
        case .stale: return definition.impact == .critical ? .unhealthy : .degraded
        case .active: break
        }
        switch level {
        case .healthy: return .healthy
        case .degraded, .unknown: return .degraded
        case .unhealthy: return .unhealthy
        }
    }

    /// One line on why it is not healthy, for people.
    var explanation: String {
        switch phase {
        case .pending: return last.map { "no evidence yet: " + $0.message } ?? "no result yet"
        case .stale: return last.map { "no fresh result; the last said: " + $0.message } ?? "no fresh result"
        case .active: return last?.message ?? ""
        }
    }
}
