// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization
import Threads
import Vitals

/// The helper processes of all filesystem checks: at most four, one outstanding call per mount.
///
/// A helper serves one call after the other and ends when it has been idle for a while. One that does not answer
/// by the deadline is killed, and its mount gets no other before it is gone: a dead file server costs one
/// process, however long it is dead.
package final class FilesystemHelpers: Sendable {
    /// At most this many processes, the stuck ones included: three dead servers still leave one for the rest.
    static let limit = 4
    /// An idle helper is worth its memory for a check that runs every minute, no longer.
    static let idleLimit = Duration.seconds(60)
    /// How soon after a kill it is looked whether the process is gone; doubles up to `slowestSweep`.
    static let firstSweep = Duration.milliseconds(250)
    /// A process stuck for days is looked after this often.
    static let slowestSweep = Duration.seconds(30)

    /// How a call ended.
    enum Answer: Sendable {
        /// With an answer.
        case found(FilesystemFinding)
        /// It hangs, or an earlier one on the same mount still does.
        case stuck
        /// All helpers were taken until the deadline.
        case taken
        /// The helper could not be started.
        case unstarted(SystemError)
        /// It died over the question; the reason in words.
        case broken(String)
    }

    private struct Call: Sendable {
        let mount: String
        let question: HelperQuestion
        let attempt: Attempt
        let done: @Sendable (Answer) -> Void
    }

    private struct Resting {
        let helper: HelperProcess
        let since: Instant
    }

    private struct Doomed {
        let helper: HelperProcess
        let mount: String?
    }

    private struct State {
        var resting: [Resting] = []
        /// Mounts with a call under way; each has a helper.
        var asking: Set<String> = []
        /// Killed and not yet gone.
        var doomed: [Doomed] = []
        var waiting: [Call] = []
        var number: UInt64 = 0
        var pace = FilesystemHelpers.firstSweep
        var sweep: (due: Instant, timer: Scheduled<Void>)?

        var count: Int { resting.count + asking.count + doomed.count }
        func isStuck(_ mount: String) -> Bool { doomed.contains { $0.mount == mount } }
    }

    private let program: String
    private let lanes: Lanes
    private let time: any TimeSource
    private let timers: any EventLoop
    private let idleLimit: Duration
    private let state = Mutex(State())

    /// Makes an empty set; the event loop serves as a timer.
    init(
        program: String, lanes: Lanes, time: any TimeSource, timers: any EventLoop,
        idleLimit: Duration = FilesystemHelpers.idleLimit
    ) {
        self.program = program
        self.lanes = lanes
        self.time = time
        self.timers = timers
        self.idleLimit = idleLimit
    }

    /// Asks about a path on a mount, on the calling thread, which is busy until the attempt's deadline at most.
    ///
    /// `done` is called once, now or, where the call has to wait for a helper, from another such thread or from
    /// `giveUpOverdue`. Never call this on the event loop.
    func ask(
        _ verb: HelperQuestion.Verb, _ path: String, on mount: String, _ attempt: Attempt,
        done: @escaping @Sendable (Answer) -> Void
    ) {
        let call = state.withLock { state in
            state.number &+= 1
            return Call(
                mount: mount, question: HelperQuestion(number: state.number, verb: verb, path: path),
                attempt: attempt, done: done)
        }
        work(from: call)
    }

    /// Ends the helpers that do nothing at the moment; the others end when the daemon's side of their pipe does.
    package func close() {
        state.withLock { state in
            for resting in state.resting { retire(resting.helper, &state) }
            state.resting.removeAll()
            reap(&state)
            scheduleSweep(&state)
        }
    }

    /// Serves a call, then whatever waits and may go on.
    private func work(from first: Call?) {
        var next = first
        while let call = next {
            switch admit(call) {
            case .helper(let helper): perform(call, with: helper)
            case .start: perform(call, with: nil)
            case .stuck: call.done(.stuck)
            case .wait: return
            }
            next = nextWaiting()
        }
    }

    /// Answers the waiting calls whose time is over; never blocks.
    func giveUpOverdue() {
        let now = time.now
        let overdue = state.withLock { state in
            let overdue = state.waiting.filter { $0.attempt.deadline <= now }
            state.waiting.removeAll { $0.attempt.deadline <= now }
            return overdue
        }
        for call in overdue { call.done(.taken) }
    }

    /// The processes that are there, for tests and figures: whatever they do, until they are reaped.
    var count: Int { state.withLock { $0.count } }

    private enum Admission {
        case helper(HelperProcess)
        case start
        case stuck
        case wait
    }

    private func admit(_ call: Call) -> Admission {
        state.withLock { state in
            reap(&state)
            if state.isStuck(call.mount) { return .stuck }
            if !state.asking.contains(call.mount) {
                if let resting = state.resting.popLast() {
                    state.asking.insert(call.mount)
                    return .helper(resting.helper)
                }
                if state.count < Self.limit {
                    state.asking.insert(call.mount)
                    return .start
                }
            }
            state.waiting.append(call)
            return .wait
        }
    }

    /// Takes the first waiting call that may go on now.
    private func nextWaiting() -> Call? {
        giveUpOverdue()
        return state.withLock { state in
            let roomy = !state.resting.isEmpty || state.count < Self.limit
            let index = state.waiting.firstIndex { call in
                state.isStuck(call.mount) || (roomy && !state.asking.contains(call.mount))
            }
            return index.map { state.waiting.remove(at: $0) }
        }
    }

    /// One call with a helper that is ours alone meanwhile; a helper that died of idleness is replaced once.
    private func perform(_ call: Call, with resting: HelperProcess?) {
        var helper = resting
        for _ in 0..<2 {
            let isFresh = helper == nil
            let current: HelperProcess
            do throws(SystemError) {
                if let helper {
                    current = helper
                } else {
                    current = try HelperProcess(program: program, argument: StatvfsHelper.argument)
                }
            } catch {
                state.withLock { _ = $0.asking.remove(call.mount) }
                call.done(.unstarted(error))
                return
            }
            call.attempt.enter(.processing)
            switch current.ask(
                call.question, left: { [time] in Self.milliseconds(call.attempt.deadline - time.now) })
            {
            case .found(let finding):
                state.withLock { state in
                    state.asking.remove(call.mount)
                    state.resting.append(Resting(helper: current, since: time.now))
                    scheduleSweep(&state)
                }
                call.done(.found(finding))
                return
            case .late:
                current.kill()
                doom(current, call.mount)
                call.done(.stuck)
                return
            case .broken:
                current.kill()
                if isFresh {
                    doom(current, call.mount, isStuck: false)
                    call.done(.broken("the helper process ended without an answer"))
                    return
                }
                state.withLock { state in
                    state.doomed.append(Doomed(helper: current, mount: nil))
                    scheduleSweep(&state)
                }
                helper = nil
            }
        }
    }

    private func doom(_ helper: HelperProcess, _ mount: String, isStuck: Bool = true) {
        state.withLock { state in
            state.asking.remove(mount)
            state.doomed.append(Doomed(helper: helper, mount: isStuck ? mount : nil))
            state.pace = Self.firstSweep
            scheduleSweep(&state)
        }
    }

    private func retire(_ helper: HelperProcess, _ state: inout State) {
        helper.kill()
        state.doomed.append(Doomed(helper: helper, mount: nil))
        state.pace = Self.firstSweep
    }

    private func reap(_ state: inout State) { state.doomed.removeAll { $0.helper.isGone() } }

    /// Arms the timer while there is anything to end or to reap.
    private func scheduleSweep(_ state: inout State) {
        let now = time.now
        var due = state.resting.map { $0.since + idleLimit }.min()
        if !state.doomed.isEmpty { due = min(due ?? now + state.pace, now + state.pace) }
        guard let due else { return }
        if let armed = state.sweep {
            guard due < armed.due else { return }
            armed.timer.cancel()
        }
        let delay = max(0, (due - now).nanoseconds)
        state.sweep = (due, timers.scheduleTask(in: .nanoseconds(delay)) { [self] in sweep() })
    }

    /// Ends what has been idle for too long and reaps what is gone. On the event loop: everything returns at once.
    private func sweep() {
        let isAnybodyWaiting = state.withLock { state in
            let now = time.now
            state.sweep = nil
            let idle = state.resting.filter { now - $0.since >= idleLimit }
            state.resting.removeAll { now - $0.since >= idleLimit }
            for resting in idle { retire(resting.helper, &state) }
            reap(&state)
            scheduleSweep(&state)
            state.pace = min(state.pace * 2, Self.slowestSweep)
            return !state.waiting.isEmpty
        }
        // A reaped process may have made room.
        if isAnybodyWaiting { lanes.run { [self] in work(from: nextWaiting()) } }
    }

    private static func milliseconds(_ left: Duration) -> Int32 {
        // Rounded up, so that the last wait does not spin.
        Int32(clamping: max(0, (left.nanoseconds &+ 999_999) / 1_000_000))
    }
}
