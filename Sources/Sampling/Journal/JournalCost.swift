// SPDX-License-Identifier: Apache-2.0

import Vitals

/// How long one regular expression is searched for. Used by the journal's thread alone.
final class JournalCost {
    /// More of a second is too much: ten such patterns, and the reading cannot keep up.
    static let allowed = Duration.milliseconds(100)
    /// So many seconds in a row: a burst is no habit.
    static let patience = 5

    /// Which it is, for people.
    let name: String
    private(set) var isSlow = false
    private var second: Instant?
    private var spent = Duration.zero
    private var bad = 0

    /// Makes one that has cost nothing yet.
    init(_ name: String) { self.name = name }

    /// It took from then until now. True where that makes it one to be told of.
    func add(from begin: Instant, to end: Instant) -> Bool {
        let since = second ?? begin
        second = since
        if end - since >= .seconds(1) {
            // Where nothing came for a while it had time enough.
            bad = spent > Self.allowed && begin - since < .seconds(2) ? bad + 1 : 0
            second = begin
            spent = .zero
        }
        spent += end - begin
        guard bad >= Self.patience, !isSlow else { return false }
        isSlow = true
        return true
    }

    /// What to do about it.
    var sentence: String {
        "\(name) takes more than \(DurationText.render(Self.allowed)) of each second to search for, so entries are read "
            + "late: begin it with plain text, or write it as `match`"
    }
}
