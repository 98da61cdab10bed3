// SPDX-License-Identifier: Apache-2.0

/// How many checks stand where; checks that are switched off are counted apart and nowhere else.
package struct HealthCounts: Sendable, Hashable {
    /// Every check that is switched on.
    package var total = 0
    /// Those that work.
    package var healthy = 0
    /// Those that need a look (`warning_count`).
    package var degraded = 0
    /// Those that do not work (`unhealthy_count`).
    package var unhealthy = 0
    /// Those without evidence yet.
    package var unknown = 0
    /// Of all these, whatever they are counted as: those with evidence too old to count.
    package var stale = 0
    /// Those that are switched off.
    package var disabled = 0

    /// Counts nothing.
    package init() {}
}

/// What everybody shows of a check, so that all say the same of it.
extension CheckReport {
    /// The level with the age of its evidence considered: without evidence nothing is known, and evidence that is too old
    /// shows a critical check unhealthy, another one degraded. Staleness makes nothing better than it last was.
    package var shownLevel: Level {
        switch phase {
        case .pending: return .unknown
        case .active: return level
        case .stale: return level == .unhealthy || definition.impact == .critical ? .unhealthy : .degraded
        }
    }

    /// Its state in one: switched off, pending, stale, or its level.
    package var state: HealthState { HealthState(level, phase, enabled: definition.enabled) }
}

extension Report {
    /// How many checks are in this state, each in exactly one.
    package func count(_ state: HealthState) -> Int { checks.count { $0.state == state } }

    /// How many checks stand where, by `shownLevel`.
    package var counts: HealthCounts {
        var counts = HealthCounts()
        for check in checks {
            guard check.definition.enabled else {
                counts.disabled += 1
                continue
            }
            counts.total += 1
            if check.phase == .stale { counts.stale += 1 }
            switch check.shownLevel {
            case .healthy: counts.healthy += 1
            case .degraded: counts.degraded += 1
            case .unhealthy: counts.unhealthy += 1
            case .unknown: counts.unknown += 1
            }
        }
        return counts
    }
}
