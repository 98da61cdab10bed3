// SPDX-License-Identifier: Apache-2.0

import Vitals

extension CheckReport {
    /// The condition of the check alone, for answers that know three words: what it would add if it counted in
    /// full. Without evidence it is degraded.
    var condition: Status {
        switch shownLevel {
        case .healthy: .healthy
        case .degraded, .unknown: .degraded
        case .unhealthy: .unhealthy
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
