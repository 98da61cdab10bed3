// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Synchronization
import Threads
package import Vitals

/// Looks at all subjects, on lanes of its own and within a bound; whoever asks meanwhile shares the look, and for a second
/// after it. A look that hangs is not begun again: those who ask may not use up threads.
package final class Examiner: Examining {
    /// Local files are there within milliseconds; somebody waits for the answer.
    static let patience = Duration.seconds(2)
    /// An examination is good for as long as any figure of the kernel.
    static let freshness = Duration.seconds(1)

    private struct State {
        var waiters: [@Sendable ([Diagnosis]) -> Void] = []
        /// What the look under way has found so far; nil where none is under way.
        var found: [Diagnosis?]?
        var number: UInt64 = 0
        /// Whether the looks that are quick, and which of the slow ones, have not come back yet.
        var isLooking = false
        var slow: Set<Int> = []
        var timer: Scheduled<Void>?
        var last: (findings: [Diagnosis], at: Instant)?
    }

    private let subjects: [Subject]
    private let surroundings: Surroundings
    /// One for the quick looks and one for each slow one; not those of the checks, which never wait for this.
    private let lanes: Lanes
    private let eventLoop: any EventLoop
    private let patience: Duration
    private let state = Mutex(State())

    /// Makes an examiner; nothing is looked at yet.
    package convenience init(_ surroundings: Surroundings, eventLoop: any EventLoop) {
        self.init(Subject.all, surroundings, eventLoop: eventLoop)
    }

    init(
        _ subjects: [Subject], _ surroundings: Surroundings, eventLoop: any EventLoop,
        patience: Duration = Examiner.patience
    ) {
        self.subjects = subjects
        self.surroundings = surroundings
        lanes = Lanes(limit: 1 + subjects.count { $0.isSlow })
        self.eventLoop = eventLoop
        self.patience = patience
    }

    package func examine(_ use: @escaping @Sendable ([Diagnosis]) -> Void) {
        enum Step {
            case give([Diagnosis])
            case begin(UInt64)
            case wait
        }
        let now = surroundings.time.now
        let step: Step = state.withLock { state in
            if let last = state.last, now - last.at < Self.freshness { return .give(last.findings) }
            state.waiters.append(use)
            guard state.found == nil else { return .wait }
            state.found = Array(repeating: nil, count: subjects.count)
            state.number &+= 1
            return .begin(state.number)
        }
        switch step {
        case .give(let findings): use(findings)
        case .begin(let number): begin(number)
        case .wait: break
        }
    }

    private func begin(_ number: UInt64) {
        let timer = eventLoop.scheduleTask(in: .nanoseconds(patience.nanoseconds)) { [self] in finish(number)
        }
        state.withLock { state in
            if state.number == number, state.found != nil { state.timer = timer }
        }
        let (quick, slow) = state.withLock { state in
            let quick = !state.isLooking
            let slow = subjects.indices.filter { subjects[$0].isSlow && !state.slow.contains($0) }
            state.isLooking = true
            state.slow.formUnion(slow)
            return (quick, slow)
        }
        let surroundings = surroundings.afresh
        for index in slow {
            let isStarted = lanes.start { [self] in
                let found = subjects[index].diagnosis(surroundings)
                state.withLock { _ = $0.slow.remove(index) }
                take(found, at: index, number)
            }
            if isStarted { continue }
            state.withLock { _ = $0.slow.remove(index) }
            take(threadless(subjects[index]), at: index, number)
        }
        guard quick else { return }
        let isStarted = lanes.start { [self] in
            for (index, subject) in subjects.enumerated() where !subject.isSlow {
                let found = subject.diagnosis(surroundings)
                // Before the last one ends the examination, so that the next may begin at once.
                if index == subjects.lastIndex(where: { !$0.isSlow }) {
                    state.withLock { $0.isLooking = false }
                }
                take(found, at: index, number)
            }
        }
        guard !isStarted else { return }
        state.withLock { $0.isLooking = false }
        for (index, subject) in subjects.enumerated() where !subject.isSlow {
            take(threadless(subject), at: index, number)
        }
    }

    /// What comes after the end of its examination is thrown away.
    private func take(_ finding: Diagnosis, at index: Int, _ number: UInt64) {
        let isComplete = state.withLock { state in
            guard state.number == number, state.found != nil else { return false }
            state.found?[index] = finding
            return state.found?.allSatisfy { $0 != nil } ?? false
        }
        if isComplete { finish(number) }
    }

    private func finish(_ number: UInt64) {
        let now = surroundings.time.now
        let (waiters, findings, timer) = state.withLock { state in
            guard state.number == number, let found = state.found else {
                return ([@Sendable ([Diagnosis]) -> Void](), [Diagnosis](), Scheduled<Void>?.none)
            }
            let findings = found.enumerated().map { $1 ?? late(subjects[$0]) }
            defer {
                state.found = nil
                state.waiters = []
                state.timer = nil
                state.last = (findings, now)
            }
            return (state.waiters, findings, state.timer)
        }
        timer?.cancel()
        for waiter in waiters { waiter(findings) }
    }

    private func threadless(_ subject: Subject) -> Diagnosis {
        Diagnosis(
            subject.name, .unknown, "it cannot be looked at: no thread can be started",
            remedy: "Raise TasksMax= of the unit.")
    }

    private func late(_ subject: Subject) -> Diagnosis {
        Diagnosis(
            subject.name, .unknown, "it could not be looked at within \(DurationText.render(patience))",
            remedy: "Check whether a file system or a name server hangs.")
    }
}
