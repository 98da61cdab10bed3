// SPDX-License-Identifier: Apache-2.0

import Vitals

/// What is done with one entry.
extension JournalFollower {
    func note(
        _ handle: JournalHandle, _ realtime: WallTime, roster: JournalRoster, counting: Bool = true
    ) {
        let stamp = handle.monotonic
        let isOurBoot = if let stamp, let boot { stamp.boot == boot } else { false }
        // What an earlier boot left is no sign of how things are now.
        guard isOurBoot || wish.options.place.spansBoots else { return }
        record.clear()
        guard handle.fields({ record.take($0) }) else {
            if counting { tallies.drop("damaged") }
            return
        }
        let now = time.now
        let age = Duration.nanoseconds(max(0, time.wall.nanoseconds &- realtime.nanoseconds))
        // The entry's own monotonic time does not jump when somebody sets the clock.
        let arrival = isOurBoot ? min(stamp?.time ?? now, now) : now - age
        let isHistory = isOurBoot ? arrival < begun : realtime < start
        let units = record.units
        for (place, name) in units.enumerated() {
            guard let unit = roster.unit(name) else { continue }
            for (watch, search) in unit.watches
            where units[..<place].allSatisfy({ !JournalOptions.covers(watch.plan.units, $0) }) {
                watch.note(record, isMatch: search.map(finds) ?? false, at: arrival)
            }
            guard counting else { continue }
            if record.priority <= .err { ledger.keep(line(realtime, name), of: name) }
            guard !isHistory else { continue }
            unit.messages[record.priority.level].add()
            for (search, tally) in unit.patterns where finds(search) { tally.add() }
        }
    }

    /// Seeks, and looks at the clock where that may take long. A message that cannot be searched for want of memory is
    /// counted as one that was not read.
    private func finds(_ search: JournalRoster.Search) -> Bool {
        guard case .expression(let pattern) = search.what else {
            return search.what.finds(in: record.message) ?? false
        }
        let begin = time.now
        let isFound = pattern.matches(record.message)
        if search.cost.add(from: begin, to: time.now) { standing.slow(roster.slow) }
        if isFound == nil { tallies.drop("memory") }
        return isFound ?? false
    }

    private func line(_ realtime: WallTime, _ unit: String) -> LogsQuery.Line {
        LogsQuery.Line(
            time: realtime.rfc3339, priority: record.priority.rawValue, unit: unit,
            identifier: record.identifier, pid: Int64(record.pid),
            message: String(decoding: record.message.prefix(JournalLedger.longestMessage), as: UTF8.self),
            messageID: record.messageID.isEmpty ? nil : record.messageID)
    }
}
