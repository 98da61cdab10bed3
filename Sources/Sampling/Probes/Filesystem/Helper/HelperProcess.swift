// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One running helper: a child process and our end of its pipe. Nobody ever waits for it.
final class HelperProcess: Sendable {
    /// The child; valid until `isGone` has said true.
    let pid: pid_t
    private let socket: Int32

    /// Starts the program with the hidden argument; throws the errno of whatever failed.
    init(program: String, argument: String) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        // One socket instead of two pipes: half the descriptors, and sending to the dead raises no SIGPIPE.
        let made = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        guard made == 0 else { throw SystemError(errno) }
        defer { close(ends[1]) }
        do throws(SystemError) {
            pid = try Self.spawn(program, argument, standard: ends[1])
        } catch {
            close(ends[0])
            throw error
        }
        socket = ends[0]
    }

    deinit { close(socket) }

    /// Sends a question and waits for its answer until `left` milliseconds are 0.
    func ask(_ question: HelperQuestion, left: () -> Int32) -> Answer {
        guard LinePipe.send(question.line, to: socket) else { return .broken }
        var pipe = LinePipe(socket, maximumLine: StatvfsHelper.maximumLine)
        switch pipe.next(left: left) {
        case .line(let line):
            guard let reply = HelperReply(line: line), reply.number == question.number else { return .broken }
            return .found(reply.finding)
        case .late: return .late
        case .end, .broken: return .broken
        }
    }

    /// What came back.
    enum Answer {
        /// An answer.
        case found(FilesystemFinding)
        /// Nothing in time: it hangs.
        case late
        /// It died, or does not speak our language.
        case broken
    }

    /// Sends SIGKILL; in an uninterruptible call it takes effect when the call returns, which may be never.
    func kill() { _ = Glibc.kill(pid, SIGKILL) }

    /// Whether the child has ended; reaps it, never waits. Not to be asked again after a true.
    func isGone() -> Bool {
        var status: Int32 = 0
        let result = waitpid(pid, &status, WNOHANG)
        // ECHILD: somebody else reaped it, or SIGCHLD is ignored; it is gone either way.
        return result == pid || (result < 0 && errno == ECHILD)
    }

    private static func spawn(_ program: String, _ argument: String, standard: Int32) throws(SystemError)
        -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, standard, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, standard, STDOUT_FILENO)
        // The daemon blocks the signals it waits for, and a mask is inherited: the helper must end on SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var usual = sigset_t()
        sigfillset(&usual)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let words = [strdup(program), strdup(argument)]
        defer { words.forEach { free($0) } }
        // An empty environment: neither NOTIFY_SOCKET and WATCHDOG_* nor anybody's password goes along.
        let environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, words + [nil], environment)
        guard code == 0 else { throw SystemError(code) }
        return pid
    }
}
