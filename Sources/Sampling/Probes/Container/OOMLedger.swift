// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Remembers when the OOM killer struck in which container, from counters that only say how often.
struct OOMLedger: Sendable {
    private struct Entry {
        var kills: Int64
        var last: Instant?
    }

    private var entries: [String: Entry] = [:]

    /// Takes new figures; returns how long ago the last kill was seen, by container id, within the window.
    mutating func note(_ figures: [ContainerFigures], now: Instant, wall: WallTime, within window: Duration)
        -> [String: Duration]
    {
        var recent: [String: Duration] = [:]
        let present = Set(figures.map(\.identity.id))
        for container in figures {
            guard let kills = container.oomKills else { continue }
            let id = container.identity.id
            var entry: Entry
            if let known = entries[id] {
                entry = known
                // A smaller counter is a new life of the same path: what it counts is all new.
                if kills > known.kills || (kills < known.kills && kills > 0) { entry.last = now }
                entry.kills = kills
            } else {
                entry = Entry(kills: kills, last: nil)
                // Kills from before our time have no date, unless the container is younger than the window.
                if kills > 0, let started = container.started,
                    wall.nanoseconds &- started.nanoseconds <= window.nanoseconds
                {
                    entry.last = now
                }
            }
            entries[id] = entry
        }
        for (id, entry) in entries {
            if let last = entry.last, now - last <= window {
                if present.contains(id) { recent[id] = now - last }
            } else if !present.contains(id) {
                entries[id] = nil
            }
        }
        return recent
    }
}
