// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// What a unit check remembers from one attempt to the next. The lock is held for a few comparisons.
final class UnitLedger: Sendable {
    private let lives = Mutex(UnitLives())

    /// Takes new figures; returns the restarts seen so far by unit name.
    func note(_ units: [ContainerFigures], sinceBoot: Duration, wall: WallTime) -> [String: Int64] {
        lives.withLock { $0.note(units, sinceBoot: sinceBoot, wall: wall) }
    }
}
