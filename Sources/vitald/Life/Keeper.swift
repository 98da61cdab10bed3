// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing
import Threads
import Vitals

/// The keeper's thread: takes the signals and keeps the watchdog. It does nothing else and never waits for
/// anybody, so that it can still tell when everybody else stands still.
final class Keeper: Sendable {
    /// A question that the daemon puts to itself.
    struct Errand: Sendable {
        /// What its answer vouches for.
        var source: Watchdog.Source
        /// What is asked.
        var question: SelfQuery.Question
        /// Where.
        var path: String
        /// Whether vitald made the socket, and would make a new one.
        var isOwn: Bool
        /// How many connections were accepted there so far.
        var accepts: @Sendable () -> UInt64 = { 0 }
    }

    /// What the keeper looks at and whom it tells.
    struct Surroundings: Sendable {
        /// The clocks.
        var time: any TimeSource
        /// The service manager.
        var notifier: Notifier
        /// The log, whose waiting lines are flushed with every look.
        var log: EventLog
        /// The daemon's own counters.
        var tallies: TallyBook
        /// What the parts leave behind as they move.
        var pulse: Pulse
        /// How many jobs the sampler's lane was given and has finished.
        var samplerProgress: @Sendable () -> (submitted: UInt64, completed: UInt64)
        /// The generation that an answer must at least carry.
        var generation: @Sendable () -> UInt64
        /// Puts a job to the event loop, from any thread.
        var onLoop: @Sendable (@escaping @Sendable () -> Void) -> Void
        /// What is asked of the daemon's own sockets with every look.
        var questions: [Errand]
        /// What its listening sockets do, over TCP as well.
        var listeners: @Sendable () -> [ListenerRecord.Look] = { [] }
        /// How long the manager waits for a beat; nil: nobody waits, verdicts are counted and logged only.
        var watching: Duration?
        /// Called on SIGHUP.
        var reload: @Sendable () -> Void
        /// Called on the first SIGTERM or SIGINT.
        var stop: @Sendable () -> Void
        /// Called on the second one, and when stopping takes longer than `patience`.
        var giveUp: @Sendable (Int32) -> Void
    }

    /// Without a manager's own figure, as if it were this.
    static let defaultWindow = Duration.seconds(30)
    /// An answer that takes longer is as good as none.
    static let queryPatience = Duration.seconds(2)
    /// Draining has ten seconds; whoever is not gone a little later has lost its event loop.
    static let stopPatience = Duration.seconds(12)
    /// Nothing that is due may be later than this.
    static let toleratedLateness = Duration.seconds(5)

    /// It takes signals, counts and writes lines.
    private static let stackSize = 256 * 1024

    private let surroundings: Surroundings

    /// Makes a keeper; `start` gives it its thread.
    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// The signals that the keeper waits for; every thread must have them blocked, so call this first of all.
    static func blockSignals() {
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A reader that goes away is an EPIPE where it is written, not the end of the daemon; a file that may not
        // grow is an EFBIG (setrlimit(2)); and a terminal whose user works elsewhere (stty tostop) must not stop it.
        for number in [SIGPIPE, SIGXFSZ, SIGTTOU] { signal(number, SIG_IGN) }
    }

    static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }

    /// Starts the thread. Returns false where the machine gives none.
    func start() -> Bool {
        OwnThread.start(stackSize: Self.stackSize) { [surroundings] in
            var watch = KeeperWatch(surroundings)
            watch.keep()
        }
    }
}
