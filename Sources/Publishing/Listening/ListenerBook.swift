// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Vitals

/// All listening sockets of the daemon, for readers on other threads than the event loop.
package final class ListenerBook: Sendable {
    let time: any TimeSource
    private let tallies: TallyBook
    private let remark: @Sendable (ListenerRemark) -> Void
    private let records = Mutex<[ListenerRecord]>([])

    /// Makes an empty book. `remark` hears of trouble on the event loop, once a minute and socket at most.
    package init(
        tallies: TallyBook, time: any TimeSource,
        remark: @escaping @Sendable (ListenerRemark) -> Void = { _ in }
    ) {
        self.tallies = tallies
        self.time = time
        self.remark = remark
    }

    /// What is known of each, in the order of their opening.
    package var standings: [ListenerRecord.Standing] { records.withLock { $0 }.map(\.standing) }

    /// What the watchdog looks at.
    package var looks: [ListenerRecord.Look] { records.withLock { $0 }.map(\.look) }

    /// The one that listens there.
    package func record(named name: String) -> ListenerRecord? {
        records.withLock { $0.first { $0.name == name } }
    }

    func enter(_ name: String) -> ListenerRecord {
        let record = ListenerRecord(name: name)
        records.withLock { $0.append(record) }
        tallies.tally(OwnFamilies.listenerUp, [("listener", name)]).set(1)
        return record
    }

    /// Forgets one that was closed on purpose: an alert on it would never end. Where another one
    /// listens there already, the series is that one's.
    func leave(_ record: ListenerRecord) {
        let next = records.withLock { records in
            records.removeAll { $0 === record }
            return records.last { $0.name == record.name }
        }
        if let next { return change(next, to: next.condition) }
        tallies.forget(OwnFamilies.listenerUp) { labels in labels.contains { $0.value == record.name } }
    }

    func change(_ record: ListenerRecord, to condition: ListenerRecord.Condition) {
        record.condition = condition
        tallies.tally(OwnFamilies.listenerUp, [("listener", record.name)]).set(
            condition == .accepting ? 1 : 0)
    }

    func count(_ failure: AcceptFailure, of record: ListenerRecord) {
        record.note(failure, at: time.now)
        tallies.tally(OwnFamilies.acceptErrors, [("listener", record.name), ("error", failure.label)]).add()
    }

    func tell(_ record: ListenerRecord, isTrouble: Bool, _ sentence: String) {
        remark(
            ListenerRemark(
                listener: record.name, isTrouble: isTrouble, sentence: "\(record.name): \(sentence)"))
    }
}
