// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// What a container check remembers from one attempt to the next. The lock is held for a few comparisons.
final class ContainerLedger: Sendable {
    private let kills = Mutex(OOMLedger())

    /// Takes new figures; returns how long ago the OOM killer was seen, by container id.
    func note(_ figures: [ContainerFigures], now: Instant, wall: WallTime, within window: Duration?)
        -> [String:
        Duration]
    {
        guard let window else { return [:] }
        return kills.withLock { $0.note(figures, now: now, wall: wall, within: window) }
    }
}
