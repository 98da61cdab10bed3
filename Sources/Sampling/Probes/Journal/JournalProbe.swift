// SPDX-License-Identifier: Apache-2.0

import Vitals

/// Judges what the journal's thread has noted; asks nothing of the journal itself.
final class JournalProbe: Probe {
    private let kind: JournalKind
    private let context: ProbeContext
    private let watch: JournalWatch

    /// Makes a probe, whose watch begins at once.
    init(_ kind: JournalKind, _ context: ProbeContext) {
        self.kind = kind
        self.context = context
        watch = JournalWatch(kind.plan)
        context.journal?.add(watch)
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

    func close() { context.journal?.remove(watch) }
}
