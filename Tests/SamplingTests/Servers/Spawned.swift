// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// A program started by a test. It ends, and its directory goes, when this object does, and also when the test
/// process itself dies: a small shell beside it waits for the end of its standard input.
final class Spawned: @unchecked Sendable {  // immutable after init
    /// The program's own pid.
    let pid: pid_t
    /// Where its log is; goes with it.
    let directory: String
    private let shell: pid_t
    private let lifeline: Int32

    private static let script = """
        d="$1"; s="$2"; shift 2
        "$@" >>"$d/log" 2>&1 </dev/null &
        p=$!
        echo $p
        exec >&- 2>&-
        read x
        kill -CONT $p 2>/dev/null; kill -$s $p 2>/dev/null; wait $p
        rm -rf "$d"
        """

    /// Starts `command`; its output goes to `log` in `directory`, which is removed at the end.
    init(_ command: [String], directory: String, ending signal: String) throws {
        self.directory = directory
        let toShell = try Spawned.pair()
        let fromShell = try Spawned.pair()
        let words = ["/bin/sh", "-c", Self.script, "sh", directory, signal] + command
        shell = try Spawned.spawn(words, input: toShell[0], output: fromShell[1])
        Glibc.close(toShell[0])
        Glibc.close(fromShell[1])
        lifeline = toShell[1]
        let answer = Spawned.readAll(fromShell[0])
        Glibc.close(fromShell[0])
        pid = try #require(pid_t(answer.filter { $0.isNumber }), "the shell did not say a pid: \(answer)")
    }

    deinit {
        Glibc.close(lifeline)
        var status: Int32 = 0
        while waitpid(shell, &status, 0) < 0, errno == EINTR {}
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// What the program wrote.
    var log: String { (try? Spawned.run(["cat", "\(directory)/log"]).output) ?? "" }

    /// Whether the program is gone, with all its threads, which hold its sockets longer than the first one may;
    /// its shell has not asked for it yet, so it stays as a zombie.
    var hasEnded: Bool {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { Glibc.close(descriptor) }
        // Behind the name: state, 16 more, num_threads (proc_pid_stat(5)).
        guard let fields = Spawned.readAll(descriptor).split(separator: ")").last?.split(separator: " "),
            fields.count > 17
        else { return true }
        return fields[0] == "Z" && fields[17] == "1"
    }

    /// Runs a program to its end.
    @discardableResult
    static func run(_ words: [String]) throws -> (status: Int32, output: String) {
        let pipe = try pair()
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let child = try spawn(words, input: nothing, output: pipe[1])
        Glibc.close(nothing)
        Glibc.close(pipe[1])
        let output = readAll(pipe[0])
        Glibc.close(pipe[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return (status >> 8 & 0xFF, output)
    }

    /// Two joined descriptors that no other child inherits, or the end of a stream would never come.
    private static func pair() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let code = socketpair(AF_UNIX, kind, 0, &ends)
        try #require(code == 0)
        return ends
    }

    private static func spawn(_ words: [String], input: Int32, output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Threads of a test runner block signals, and a shell waits for SIGCHLD.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let copies = words.map { strdup($0) } + [nil]
        defer { copies.forEach { free($0) } }
        var pid = pid_t()
        try #require(
            posix_spawnp(&pid, words[0], &actions, &attributes, copies, environ) == 0,
            "cannot run \(words[0])")
        return pid
    }

    private static func readAll(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
