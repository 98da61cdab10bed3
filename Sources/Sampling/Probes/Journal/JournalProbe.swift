// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vitals

/// Judges what the journal's thread has noted; asks nothing of the journal itself.
final class JournalProbe: Probe {
    private let kind: JournalKind
    private let context: ProbeContext
    private let watch: JournalWatch
    private let hasHandedOver = Atomic<Bool>(false)

    /// Makes a probe, whose watch begins at once.
    convenience init(_ kind: JournalKind, _ context: ProbeContext) {
        let watch = JournalWatch(kind.plan)
        context.journal?.add(watch)
        self.init(kind, context, watch)
    }

    /// Makes a probe that takes over a watch.
    init(_ kind: JournalKind, _ context: ProbeContext, _ watch: JournalWatch) {
        self.kind = kind
        self.context = context
        self.watch = watch
    }

    /// Gives its watch away to another check of the same units and pattern, where that counts as this one does.
    func handOver(to other: JournalKind) -> JournalWatch? {
        guard watch.plan.counts(as: other.plan) else { return nil }
        hasHandedOver.store(true, ordering: .relaxed)
        return watch
    }

    func attempt(_ attempt: Attempt, done: @escaping @Sendable (ProbeResult) -> Void) {
        attempt.enter(.processing)
        guard let journal = context.journal else {
            return done(
                ProbeResult(.unknown, reason: .journalUnavailable, message: "nothing reads the journal here"))
        }
        let answer = AttemptAnswer(
            attempt, context,
            overdue: { JournalKind.behind("the journal is still being read from further back") },
            done: done)
        watch.whenReady { [self] in
            answer.give(
                kind.judge(
                    watch.findings(at: context.time.now), problem: journal.problem, lag: journal.lag,
                    now: context.time.now))
        }
    }

    func close() {
        if !hasHandedOver.load(ordering: .relaxed) { context.journal?.remove(watch) }
    }
}
