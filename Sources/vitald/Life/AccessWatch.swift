// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Publishing
import Sampling
import Threads
import Vitals

/// Sees when the files behind TLS and logins change, and has them read again: a renewed certificate is served without
/// a reload. What cannot be used is said once, and what was in force stays. Lives on the event loop.
final class AccessWatch {
    /// What a look found.
    enum Finding: Sendable {
        /// Nothing new.
        case same
        /// Files were changed, and these are the rules now.
        case renewed(HTTPAccess, FileStamps)
        /// Files were changed, and cannot be used so.
        case unusable(AccessPlan.Refusal, FileStamps)
    }

    /// How long a renewed certificate may wait for being served. A look is a few stats on a thread of its own.
    static let pause = Duration.seconds(5)

    private let loop: any EventLoop
    private let pause: Duration
    private let look: @Sendable (AccessPlan) -> Finding
    private let settle: (Finding) -> Void
    /// One at a time: a file that hangs holds this lane, and nothing else.
    private let lanes = Lanes(limit: 1)
    private var plan: AccessPlan?
    /// What was said last of files that cannot be used.
    private var refusal: AccessPlan.Refusal?
    private var number = 0
    private var isLooking = false

    /// Makes a watch; `settle` hears of every finding but `same` and what it heard last, on the loop.
    init(
        loop: any EventLoop, pause: Duration = AccessWatch.pause,
        look: @escaping @Sendable (AccessPlan) -> Finding, settle: @escaping (Finding) -> Void
    ) {
        self.loop = loop
        self.pause = pause
        self.look = look
        self.settle = settle
    }

    /// Watches the files of these rules instead of those of before; rules without files are not watched.
    func watch(_ plan: AccessPlan) {
        number += 1
        refusal = nil
        self.plan = plan.files.isEmpty ? nil : plan
        if self.plan != nil { scheduleRound(number) }
    }

    /// Watches no more.
    func close() {
        number += 1
        plan = nil
    }

    private func scheduleRound(_ number: Int) {
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(pause.nanoseconds)) { self.round(number) }
    }

    private func round(_ number: Int) {
        guard number == self.number, let plan else { return }
        // A look that hangs is waited for: more of them would hang as well.
        if isLooking {
            // It may wait for a thread, which there may be now.
            if lanes.working == 0 { lanes.run {} }
            return scheduleRound(number)
        }
        isLooking = true
        let home = NIOLoopBound(self, eventLoop: loop)
        lanes.run { [loop, look] in
            let finding = look(plan)
            loop.execute { home.value.land(number, finding) }
        }
    }

    private func land(_ number: Int, _ finding: Finding) {
        isLooking = false
        guard number == self.number else { return }
        switch finding {
        case .same: refusal = nil
        case .renewed(_, let stamps):
            plan?.stamps = stamps
            refusal = nil
            settle(finding)
        case .unusable(let refusal, let stamps):
            // What may pass is tried again until it has: the files stay what they are not yet.
            if !refusal.isPassing { plan?.stamps = stamps }
            if refusal != self.refusal { settle(finding) }
            self.refusal = refusal.isPassing ? refusal : nil
        }
        scheduleRound(number)
    }
}

extension AccessPlan {
    /// Looks whether its files are as they were, and reads them where they are not. May hang as long as they do.
    func look(_ surroundings: ConfigurationSurroundings) -> AccessWatch.Finding {
        // Before they are read: what changes meanwhile is seen the next time.
        let now = FileStamps(of: files)
        guard now != stamps else { return .same }
        do throws(Refusal) {
            return .renewed(try read(surroundings), now)
        } catch {
            return .unusable(error, now)
        }
    }
}
