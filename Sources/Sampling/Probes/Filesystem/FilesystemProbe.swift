// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Threads
import Vitals

/// Measures one path: on a lane where its data are local, through a helper process where a call may hang.
///
/// The lane stays in use until the call comes back. Until then no other call is made for this check, and its
/// attempts answer at once.
final class FilesystemProbe: Probe {
    private enum Stage {
        /// Nothing is under way.
        case idle
        /// A job waits for a lane.
        case queued
        /// A job is at work, or a helper for it.
        case working
    }

    private struct State {
        var stage = Stage.idle
        var current: AttemptAnswer?
        /// Since when every attempt has found the mount hanging.
        var stuckSince: WallTime?
        var isClosed = false
    }

    private let kind: FilesystemKind
    private let context: ProbeContext
    /// The call that may hang, replaced in tests.
    private let measure: @Sendable (String) -> FilesystemFinding
    private let state = Mutex(State())

    /// Makes a probe; touches nothing yet. One of the same path knows since when that hangs.
    init(
        _ kind: FilesystemKind, _ context: ProbeContext, following old: FilesystemProbe? = nil,
        measure: @escaping @Sendable (String) -> FilesystemFinding = {
            FilesystemFinding(at: $0, verb: .size)
        }
    ) {
        self.kind = kind
        self.context = context
        self.measure = measure
        let since = old?.state.withLock { $0.stuckSince }
        state.withLock { $0.stuckSince = since }
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        let answer = AttemptAnswer(attempt, context, overdue: { [self] in overdue(attempt) }, done: done)
        enum Step { case start, join, refuse }
        let step = state.withLock { state in
            switch state.stage {
            case .idle:
                state.stage = .queued
                state.current = answer
                return Step.start
            case .queued:
                state.current = answer
                return Step.join
            case .working: return Step.refuse
            }
        }
        switch step {
        case .start:
            guard context.lanes.start({ [self] in work() }) else {
                settle()
                return answer.give(ProbeResult.threadless())
            }
        case .join: break
        case .refuse: answer.give(stuck())
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.current = nil
        }
    }

    /// The job of a lane.
    private func work() {
        let answer = state.withLock { state in
            state.stage = .working
            return state.current
        }
        guard let answer, answer.isOpen else { return settle() }
        switch survey() {
        case .verdict(let result): finish(answer, result)
        case .local(let place):
            answer.attempt.enter(.processing)
            finish(answer, judge(measure(kind.path), place))
        case .helper(let place):
            let verb: HelperQuestion.Verb = kind.writable ? .write : .size
            context.helpers.ask(verb, kind.path, on: place.key, answer.attempt) { [self] reply in
                switch reply {
                case .found(let finding): finish(answer, judge(finding, place))
                case .stuck: finish(answer, stuck(), isStuck: true)
                case .taken: finish(answer, Self.taken)
                case .unstarted(let error):
                    finish(answer, Self.helperless(context.helperProgram, error))
                case .broken(let reason): finish(answer, Self.helperless(reason))
                }
            }
        }
    }

    private enum Survey {
        case verdict(ProbeResult)
        case local(FilesystemPlace)
        case helper(FilesystemPlace)
    }

    /// Reads the mount tables, which never hang, and decides who may touch the path.
    private func survey() -> Survey {
        let own: MountTable
        do throws(SystemError) {
            own = try context.mounts.table(reading: context.procRoot + "/self/mountinfo")
        } catch {
            return .verdict(Self.tableless(context.procRoot + "/self/mountinfo", error))
        }
        guard let path = MountPath(kind.path, in: own) else {
            return .verdict(Self.tableless(context.procRoot + "/self/mountinfo", "it holds no mount"))
        }
        // Absent where the process list is hidden (hidepid): then our own view has to do.
        let first = try? context.mounts.table(reading: context.procRoot + "/1/mountinfo")
        let place = FilesystemPlace(path, own: own, first: first)
        if path.hazard?.isAutomount == true { return .verdict(Self.automount(path.resolved)) }
        // Waiting for a medium (fsync) can hang on any file system.
        return kind.writable || path.hazard != nil ? .helper(place) : .local(place)
    }

    private func judge(_ finding: FilesystemFinding, _ place: FilesystemPlace) -> ProbeResult {
        FilesystemVerdict(kind, place).judge(finding)
    }

    private func finish(_ answer: AttemptAnswer, _ result: ProbeResult, isStuck: Bool = false) {
        if !isStuck { state.withLock { $0.stuckSince = nil } }
        settle()
        answer.give(result)
    }

    private func settle() {
        state.withLock { state in
            state.stage = .idle
            state.current = nil
        }
    }

    /// What the result is when the deadline comes first.
    private func overdue(_ attempt: Attempt) -> ProbeResult {
        guard attempt.phase == .queued else { return stuck() }
        context.helpers.giveUpOverdue()
        return state.withLock { $0.stage == .working } ? Self.taken : Self.laneless
    }

    private func stuck() -> ProbeResult {
        let now = context.time.wall
        let since = state.withLock { state in
            let since = state.stuckSince ?? now
            state.stuckSince = since
            return since
        }
        var result = ProbeResult(
            .unknown, reason: "stuck",
            message: "stuck since \(since.rfc3339): the file system at \(kind.path) does not answer. "
                + "Check whether its server or its disk is alive")
        result.facts = [Fact("stuck_since", .text(since.rfc3339))]
        return result
    }
}
