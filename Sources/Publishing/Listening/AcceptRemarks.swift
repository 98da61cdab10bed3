// SPDX-License-Identifier: Apache-2.0

import Vitals

/// That a listening socket has trouble, or none any more.
package struct ListenerRemark: Sendable, Equatable {
    /// Where it listens.
    package let listener: String
    /// Whether something is wrong.
    package let isTrouble: Bool
    /// What, and what to do; begins with the listener.
    package let sentence: String
}

/// Makes few remarks of many failures: of the first at once, then of one each minute.
struct AcceptRemarks {
    /// A single failure is told, but not its end.
    static let worthAnEnd = 2

    private var limit = RepeatLimit()
    private var isToldOf = false

    /// Hears of a failure; gives how many others there were since the last remark, where one is due.
    mutating func failed(at now: Instant) -> Int? {
        guard let others = limit.admit(at: now) else { return nil }
        isToldOf = true
        return others
    }

    /// Hears that it works again after so many failures in a row; true where that is to be told.
    mutating func recovered(after failures: Int) -> Bool {
        guard isToldOf, failures >= Self.worthAnEnd else { return false }
        isToldOf = false
        return true
    }
}
