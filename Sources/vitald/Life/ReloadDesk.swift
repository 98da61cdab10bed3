// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Sampling
import Threads
import Vitals

/// Has the configuration read beside the event loop, one reading at a time, and answers who asked for it.
///
/// A reading begins after the wish that it answers: whoever asks while one is under way gets the next, which all of
/// them share. One that is not back by its deadline is given up; what it brings later is thrown away, and its
/// thread stays until the kernel lets it go. Lives on the event loop.
final class ReloadDesk {
    /// What a reading brought.
    typealias Outcome = Result<Configuration, ConfigurationRefusal>
    /// Who waits for an answer.
    typealias Waiter = @Sendable (ReloadAnswer) -> Void

    /// What the desk needs of the daemon.
    struct Duties {
        /// Reads everything, on a lane; tells the place which file it opens.
        var read: @Sendable (ReadingPlace) -> Outcome
        /// A reading begins; on the loop.
        var begin: () -> Void
        /// Puts what was read in force, or says why not; on the loop.
        var settle: (Outcome) -> ReloadAnswer
    }

    /// Files on a server that is alive are there within milliseconds; a person waits this long, not longer.
    static let deadline = Duration.seconds(10)
    /// As many readings may hang at once, the one under way included: each holds a thread.
    static let hungLimit = 4
    /// More wishes than this never wait: whoever has so many in flight does not mean them.
    static let waiterLimit = 256

    private struct Reading {
        let number: UInt64
        let place: ReadingPlace
        let deadline: Scheduled<Void>
        let waiters: [Waiter]
    }

    private let loop: any EventLoop
    private let source: ConfigurationSource
    private let deadline: Duration
    private let duties: Duties
    private let lanes = Lanes(limit: ReloadDesk.hungLimit, stackSize: Configuration.stackSize)
    private var current: Reading?
    private var next: [Waiter] = []
    private var numbers: UInt64 = 0
    /// Readings that were given up and are not back.
    private var hung = 0
    private var isClosed = false

    /// Makes a desk; nothing is read yet.
    init(
        loop: any EventLoop, source: ConfigurationSource, deadline: Duration = ReloadDesk.deadline,
        duties: Duties
    ) {
        self.loop = loop
        self.source = source
        self.deadline = deadline
        self.duties = duties
    }

    /// Has the configuration read; the answer comes on the loop.
    func reload(_ waiter: @escaping Waiter) {
        guard !isClosed else { return waiter(.refused(["vitald is shutting down"])) }
        guard current != nil else { return begin([waiter]) }
        guard next.count < Self.waiterLimit else {
            return waiter(
                .refused([
                    "\(Self.waiterLimit) others wait for a reload already. Try again when they are served."
                ]))
        }
        next.append(waiter)
    }

    /// Reads no more; who still waits is told so.
    func close() {
        isClosed = true
        let waiters = (current?.waiters ?? []) + next
        if let current {
            current.deadline.cancel()
            hung += 1
        }
        current = nil
        next = []
        for waiter in waiters { waiter(.refused(["vitald is shutting down"])) }
    }

    private func begin(_ waiters: [Waiter]) {
        duties.begin()
        guard hung < Self.hungLimit else {
            // They may hang for want of a thread, which there may be now.
            if lanes.working < hung { lanes.run {} }
            return answer(.failure(.exhausted(Self.hungLimit)), waiters)
        }
        numbers &+= 1
        let (number, place) = (numbers, ReadingPlace())
        let timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(deadline.nanoseconds)) {
            self.giveUp(number)
        }
        current = Reading(number: number, place: place, deadline: timer, waiters: waiters)
        let home = NIOLoopBound(self, eventLoop: loop)
        let isStarted = lanes.start { [loop, read = duties.read] in
            let outcome = read(place)
            loop.execute { home.value.land(number, outcome) }
        }
        guard !isStarted, let reading = current else { return }
        timer.cancel()
        finish(reading, .failure(.threadless))
    }

    private func land(_ number: UInt64, _ outcome: Outcome) {
        guard let reading = current, reading.number == number else {
            hung -= 1
            return
        }
        reading.deadline.cancel()
        finish(reading, outcome)
    }

    private func giveUp(_ number: UInt64) {
        guard let reading = current, reading.number == number else { return }
        hung += 1
        finish(reading, .failure(.silence(at: reading.place, source, for: deadline)))
    }

    private func finish(_ reading: Reading, _ outcome: Outcome) {
        current = nil
        answer(outcome, reading.waiters)
        guard !next.isEmpty, current == nil, !isClosed else { return }
        let waiters = next
        next = []
        begin(waiters)
    }

    private func answer(_ outcome: Outcome, _ waiters: [Waiter]) {
        let answer = duties.settle(outcome)
        for waiter in waiters { waiter(answer) }
    }
}
