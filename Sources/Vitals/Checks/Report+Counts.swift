// SPDX-License-Identifier: Apache-2.0

/// How many checks stand where; checks that are switched off are counted apart and nowhere else.
package struct HealthCounts: Sendable, Hashable {
    /// Every check that is switched on.
    package var enabled = 0
    /// Those that work.
    package var healthy = 0
    /// Those that need a look (`warning_count`).
    package var degraded = 0
    /// Those that do not work (`unhealthy_count`).
    package var unhealthy = 0
    /// Those without evidence yet.
    package var unknown = 0
    /// Those that are switched off.
    package var disabled = 0

    /// Counts nothing.
    package init() {}
}

extension CheckReport {
    /// The level with its age considered: old evidence is no evidence, so a stale check counts as unhealthy, one
    /// that may only degrade the whole as degraded.
    package var currentLevel: Level {
        guard phase == .stale else { return level }
        return definition.impact == .degrade ? .degraded : .unhealthy
    }
}

extension Report {
    /// How many checks stand where, by `currentLevel`.
    package var counts: HealthCounts {
        var counts = HealthCounts()
        for check in checks {
            guard check.definition.enabled else {
                counts.disabled += 1
                continue
            }
            counts.enabled += 1
            switch check.currentLevel {
            case .healthy: counts.healthy += 1
            case .degraded: counts.degraded += 1
            case .unhealthy: counts.unhealthy += 1
            case .unknown: counts.unknown += 1
            }
        }
        return counts
    }
}
