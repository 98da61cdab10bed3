// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Vitals

/// Has passwords compared with their hashes, one at a time and beside the event loop, and remembers the outcomes.
///
/// A comparison costs tens of milliseconds of a core on purpose: what waits for one is bounded, for all and for each
/// machine, so that a flood of guesses holds up nothing but guesses. What was right once is right until the hash
/// changes and costs nothing more. Lives on the event loop.
final class PasswordDesk {
    /// What a password turned out to be.
    enum Verdict: Sendable {
        /// The one of that user.
        case right
        /// Not the one, or no such user.
        case wrong
        /// Nobody waited for the comparison any more, and it was not made.
        case givenUp
    }

    /// An attempt to log in.
    struct Attempt: Sendable {
        let password: Secret
        let hash: BcryptHash
        /// What a wrong one costs, whoever's it is.
        let dearest: Int
        /// False where the hash is another user's, so that a name that nobody has takes as long as one that
        /// somebody has.
        let isUser: Bool
        let print: Fingerprint
    }

    /// A comparison that is to be made. Everybody who waits for it leaves it once.
    final class Job {
        fileprivate let attempt: Attempt
        fileprivate let peer: PeerAddress
        fileprivate let promise: EventLoopPromise<Verdict>
        fileprivate var waiting = 1

        fileprivate init(_ attempt: Attempt, _ peer: PeerAddress, _ promise: EventLoopPromise<Verdict>) {
            self.attempt = attempt
            self.peer = peer
            self.promise = promise
        }

        /// What comes out.
        var verdict: EventLoopFuture<Verdict> { promise.futureResult }
    }

    /// So many comparisons wait at once, of one machine and of all.
    static let waitingPerPeer = 2
    static let waiting = 16
    /// As many outcomes are remembered; each takes some 100 bytes. Right ones are apart: a flood of wrong ones
    /// does not make them forgotten.
    static let remembered = (right: 128, wrong: 512)

    private let loop: any EventLoop
    private let lane: HTTPServer.Lane
    private let maker = Fingerprint.Maker()
    private var right = RecentSet<Fingerprint>(limit: PasswordDesk.remembered.right)
    private var wrong = RecentSet<Fingerprint>(limit: PasswordDesk.remembered.wrong)
    private var jobs: [Job] = []
    private var isWorking = false
    /// When the lane was given something last.
    private var given = NIODeadline.uptimeNanoseconds(0)
    /// No comparison takes so long: the lane found no thread, and looks for one again when it is given more.
    private static let patience = TimeAmount.seconds(10)

    init(_ loop: any EventLoop, lane: @escaping HTTPServer.Lane) {
        self.loop = loop
        self.lane = lane
    }

    /// How many comparisons wait or are made.
    var count: Int { jobs.count }

    /// An attempt, ready to be looked up. A password beyond what crypt(3) takes is none.
    func attempt(
        _ user: String, _ password: Secret, _ hash: BcryptHash, dearest: Int, isUser: Bool
    ) -> Attempt {
        let print = password.reveal { password in
            hash.reveal { maker(isUser ? "user" : "nobody", user, $0, password) }
        }
        return Attempt(password: password, hash: hash, dearest: dearest, isUser: isUser, print: print)
    }

    /// What is known already.
    func known(_ attempt: Attempt) -> Verdict? {
        if right.contains(attempt.print) { return .right }
        return wrong.contains(attempt.print) ? .wrong : nil
    }

    /// Has the comparison made; nil where too many wait.
    func compare(_ attempt: Attempt, for peer: PeerAddress) -> Job? {
        // The same question of several connections, as at the start of a scraper, is asked once.
        if let job = jobs.first(where: { $0.attempt.print == attempt.print }) {
            job.waiting += 1
            return job
        }
        if isWorking, NIODeadline.now() > given + Self.patience {
            given = .now()
            lane {}
        }
        guard jobs.count < Self.waiting, jobs.count(where: { $0.peer == peer }) < Self.waitingPerPeer else {
            return nil
        }
        let job = Job(attempt, peer, loop.makePromise())
        jobs.append(job)
        work()
        return job
    }

    /// One who waited does not any more; a comparison that nobody waits for gives its place to others.
    func leave(_ job: Job) {
        job.waiting -= 1
        // The first one is being made.
        guard job.waiting == 0, let place = jobs.firstIndex(where: { $0 === job }), place > 0 else { return }
        jobs.remove(at: place)
        job.promise.succeed(.givenUp)
    }

    private func work() {
        guard !isWorking, let attempt = jobs.first?.attempt else { return }
        isWorking = true
        given = .now()
        let me = NIOLoopBound(self, eventLoop: loop)
        lane { [loop] in
            // Always made, whoever asked for whom.
            let isRight =
                attempt.hash.compare(attempt.password, upTo: attempt.dearest).isRight && attempt.isUser
            loop.execute { me.value.done(attempt.print, isRight ? .right : .wrong) }
        }
    }

    private func done(_ print: Fingerprint, _ verdict: Verdict) {
        isWorking = false
        switch verdict {
        case .right: right.insert(print)
        case .wrong: wrong.insert(print)
        case .givenUp: break
        }
        let job = jobs.removeFirst()
        job.promise.succeed(verdict)
        work()
    }
}
