// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What vitald could not look at, in lines for people: the fact, then what to do about it.
enum MissingText {
    /// The lines; none where nothing is missing.
    static func lines(_ all: [Unmeasured], paint: Paint) -> [String] {
        all.map { one in
            paint.text("missing", .caution) + ": \(Table.printable(one.fact)). "
                + paint.faint(Table.printable(one.remedy))
        }
    }
}
