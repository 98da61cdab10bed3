// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
package import Vitals

/// What is known of one listening socket: the event loop writes it, the watchdog and the doctor read it.
package final class ListenerRecord: Sendable {
    /// What it does at the moment.
    package enum Condition: Sendable, Equatable {
        /// It accepts.
        case accepting
        /// It accepts nothing for a moment, because accept(2) failed.
        case paused
        /// It is closed, and is being opened again.
        case closed
    }

    /// A failure of accept(2).
    package struct Failure: Sendable, Equatable {
        /// Its name: `EMFILE`.
        package let name: String
        /// When.
        package let at: Instant
    }

    /// What people are told of it.
    package struct Standing: Sendable, Equatable {
        /// Where it listens.
        package let name: String
        /// What it does at the moment.
        package let condition: Condition
        /// How many connections it accepted.
        package let accepted: UInt64
        /// How often accept(2) failed.
        package let failures: UInt64
        /// The last failure.
        package let last: Failure?
    }

    /// What the watchdog looks at.
    package struct Look: Sendable, Equatable {
        /// Where it listens.
        package let name: String
        /// Grows with every connection that is accepted, and with every one that something outside keeps from it.
        package let progress: UInt64
        /// Whether there is something to do: somebody waits, or the socket is closed. While it pauses there is not.
        package let isDue: Bool
        /// How often accept(2) failed.
        package let failures: UInt64
        /// Whether it pauses because of that.
        package let isPaused: Bool

        /// Makes a look.
        package init(
            name: String, progress: UInt64, isDue: Bool, failures: UInt64 = 0, isPaused: Bool = false
        ) {
            self.name = name
            self.progress = progress
            self.isDue = isDue
            self.failures = failures
            self.isPaused = isPaused
        }
    }

    /// Where it listens.
    package let name: String
    private let accepted = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)
    private let kept = Atomic<UInt64>(0)
    private let state = Mutex(State())

    private struct State {
        var condition = Condition.accepting
        var last: Failure?
        /// A descriptor of the socket that is ours alone: the event loop library closes its own when accept(2) fails.
        var descriptor: CInt = -1
        /// What tells the socket from others.
        var socket: ino_t?
    }

    init(name: String) { self.name = name }

    deinit { replaceDescriptor(-1) }

    /// How many attempts there were that something came of.
    package var progress: UInt64 {
        accepted.load(ordering: .acquiring) &+ kept.load(ordering: .acquiring)
    }

    /// What the watchdog looks at, from its own thread.
    package var look: Look {
        let progress = progress
        let (condition, isAwaited) = state.withLock { state in
            (state.condition, state.condition == .accepting && Self.isAwaited(state.descriptor))
        }
        return Look(
            name: name, progress: progress, isDue: isAwaited || condition == .closed,
            failures: failures.load(ordering: .relaxed), isPaused: condition == .paused)
    }

    /// What people are told of it.
    package var standing: Standing {
        let (condition, last) = state.withLock { ($0.condition, $0.last) }
        return Standing(
            name: name, condition: condition, accepted: accepted.load(ordering: .relaxed),
            failures: failures.load(ordering: .relaxed), last: last)
    }

    func noteAccepted() { accepted.wrappingAdd(1, ordering: .releasing) }

    func note(_ failure: AcceptFailure, at now: Instant) {
        failures.wrappingAdd(1, ordering: .relaxed)
        if !failure.isOfTheSocket { kept.wrappingAdd(1, ordering: .releasing) }
        state.withLock { $0.last = Failure(name: failure.label, at: now) }
    }

    var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// Whether it has a descriptor of its own.
    var hasDescriptor: Bool { state.withLock { $0.descriptor >= 0 } }

    /// Takes another descriptor, or none, and closes the one of before.
    func replaceDescriptor(_ descriptor: CInt) {
        let socket = Self.number(of: descriptor)
        let old = state.withLock { state in
            defer { state.descriptor = descriptor }
            state.socket = socket ?? state.socket
            return state.descriptor
        }
        if old >= 0 { Glibc.close(old) }
    }

    /// A second descriptor of the same socket; negative where there is none.
    func duplicate() -> CInt {
        state.withLock { $0.descriptor < 0 ? -1 : fcntl($0.descriptor, F_DUPFD_CLOEXEC, 3) }
    }

    /// Gives the descriptor away; negative where there is none.
    func takeDescriptor() -> CInt {
        state.withLock { state in
            defer { state.descriptor = -1 }
            return state.descriptor
        }
    }

    /// Whether a descriptor is still one of this socket.
    func isSameSocket(_ descriptor: CInt) -> Bool {
        let number = Self.number(of: descriptor)
        return number != nil && number == state.withLock { $0.socket }
    }

    private static func number(of descriptor: CInt) -> ino_t? {
        var status = stat()
        return descriptor >= 0 && fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }

    /// Whether somebody waits to be accepted: a listening socket is readable then (accept(2)).
    private static func isAwaited(_ descriptor: CInt) -> Bool {
        guard descriptor >= 0 else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}
