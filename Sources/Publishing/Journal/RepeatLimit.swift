// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Lets few lines through of many that say the same: the first at once, then one each minute with the number of those
/// between.
struct RepeatLimit {
    /// A client with the wrong certificate tries again every few seconds; a scanner of ports far more often.
    static let pause = Duration.seconds(60)

    private var last: Instant?
    private var others = 0

    /// Takes one more; gives how many were left out since the last line, where one is due.
    mutating func admit(at now: Instant) -> Int? {
        if let last, now - last < Self.pause {
            others += 1
            return nil
        }
        defer { (last, others) = (now, 0) }
        return others
    }
}
