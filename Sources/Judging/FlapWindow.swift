// SPDX-License-Identifier: Apache-2.0

import Vitals

/// The last 21 outcomes of a check, as the 20 steps between them: how restless is it?
///
/// Nagios' measure: each step that changed the outcome counts, the newest 1.5 times as much as the oldest
/// (0.8 to 1.2), so that a check that has calmed down is soon believed.
struct FlapWindow: Sendable, Equatable {
    /// Steps that are weighed.
    static let steps = 20
    /// From this percentage on the check flaps.
    static let high = 50.0
    /// Below this percentage it no longer does.
    static let low = 25.0

    /// Bit 0 is the newest step; set where the outcome changed.
    private var changes: UInt32 = 0
    private var seen = 0
    private var newest: Outcome?

    /// Takes the next outcome.
    mutating func add(_ outcome: Outcome) {
        if let newest {
            changes = (changes << 1 | (newest == outcome ? 0 : 1)) & ((1 << UInt32(Self.steps)) - 1)
        }
        newest = outcome
        seen = min(seen + 1, Self.steps + 1)
    }

    /// How many of the last steps changed the outcome.
    var changeCount: Int { changes.nonzeroBitCount }

    /// The weighed share of changes in percent; 0 until the window is full.
    ///
    /// The sum runs from the oldest step to the newest: the order decides the last bit, and the last bit decides
    /// 22 of the 5452 patterns that lie on the threshold.
    var percent: Double {
        guard seen > Self.steps else { return 0 }
        var sum = 0.0
        for i in 0..<Self.steps where changes >> UInt32(Self.steps - 1 - i) & 1 == 1 {
            sum += 0.8 + 0.4 * Double(i) / 19
        }
        return 100 * sum / Double(Self.steps)
    }

    /// Whether the check flaps now, given whether it did before (hysteresis).
    func isFlapping(before: Bool) -> Bool { before ? percent >= Self.low : percent >= Self.high }
}
