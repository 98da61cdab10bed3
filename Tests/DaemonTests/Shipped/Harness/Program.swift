// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

/// A program started by a test, its output in files. It is ended and waited for when this object goes, and
/// killed when the test process itself dies: a small shell beside it waits for the end of its standard input.
final class Program: Sendable {
    /// How a program ended.
    enum Ending: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    let pid: pid_t
    private let watcher: pid_t
    private let lifeline: Int32
    private let ending = Mutex<Ending?>(nil)

    /// Starts `words` with exactly this environment beside PATH and HOME; output is appended to these files. `stderr`
    /// takes the place of `errors`.
    init(
        _ words: [String], environment: [String: String] = [:], output: String = "/dev/null",
        errors: String = "/dev/null", input: Int32? = nil, stderr: Int32? = nil
    ) throws {
        let (out, err) = (try Self.opened(output), try Self.opened(errors))
        defer {
            close(out)
            close(err)
        }
        pid = try Self.spawn(words, environment, input: input, output: out, errors: stderr ?? err)
        let ends = try Self.pair()
        defer { close(ends[0]) }
        lifeline = ends[1]
        // It inherits nothing else, and it is ended before the pid is given back, so it can never hit another.
        watcher = try Self.spawn(
            ["/bin/sh", "-c", "read x; kill -KILL \(pid)"], [:], input: ends[0], output: nil, errors: nil)
    }

    deinit {
        if hasEnded == nil {
            kill(pid, SIGCONT)
            kill(pid, SIGTERM)
            for _ in 0..<200 where hasEnded == nil { poll(nil, 0, 10) }
            kill(pid, SIGKILL)
            while hasEnded == nil { poll(nil, 0, 2) }
        }
        close(lifeline)
    }

    /// How it ended; nil while it runs. Whoever looks first takes it from the kernel.
    var hasEnded: Ending? {
        ending.withLock { ending in
            if let ending { return ending }
            var info = siginfo_t()
            guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD
            else { return nil }
            var status: Int32 = 0
            kill(watcher, SIGKILL)
            waitpid(watcher, &status, 0)
            waitpid(pid, &status, 0)
            ending = status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F)
            return ending
        }
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Waits for its end.
    func end(within limit: Duration = Wait.patience) async throws -> Ending {
        try await Wait.value("the end of pid \(pid)", within: limit) { hasEnded }
    }

    /// Ends it now, kindly.
    func stop() async throws {
        signal(SIGCONT)
        signal(SIGTERM)
        _ = try await end()
    }

    /// Runs a program to its end; blocks.
    static func output(
        _ words: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> (ending: Ending, output: String, errors: String) {
        let files = try (0..<3).map { _ in
            let name = "/tmp/vitald-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            let file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            try #require(file >= 0)
            unlink(name)
            return file
        }
        defer { files.forEach { close($0) } }
        let bytes = Array(input.utf8)
        try #require(write(files[0], bytes, bytes.count) == bytes.count)
        lseek(files[0], 0, SEEK_SET)
        let pid = try spawn(words, environment, input: files[0], output: files[1], errors: files[2])
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return (
            status & 0x7F == 0 ? .code(status >> 8 & 0xFF) : .signal(status & 0x7F),
            contents(files[1]), contents(files[2])
        )
    }

    /// Two joined descriptors that no program inherits unless it is given them.
    static func pair() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return ends
    }

    private static func contents(_ descriptor: Int32) -> String {
        let length = Int(lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: length)
        let count = pread(descriptor, &bytes, length, 0)
        return String(decoding: bytes[..<max(count, 0)], as: UTF8.self)
    }

    private static func opened(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        return try #require(descriptor < 0 ? nil : descriptor, "cannot open \(path)")
    }

    private static func spawn(
        _ words: [String], _ environment: [String: String], input: Int32?, output: Int32?, errors: Int32?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [(0, input), (1, output), (2, errors)] as [(Int32, Int32?)] {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            }
        }
        // What other tests of this process have open is none of the program's business.
        for descriptor in (TestDirectory.names(in: "/proc/self/fd") ?? []).compactMap({ Int32($0) })
        where descriptor > 2 && fcntl(descriptor, F_GETFD) == 0 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        // Threads of a test runner block signals and ignore some.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var variables = environment
        for name in ["PATH", "HOME"] where variables[name] == nil {
            variables[name] = getenv(name).map { String(cString: $0) }
        }
        let arguments = words.map { strdup($0) } + [nil]
        let strings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + strings).forEach { free($0) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, words[0], &actions, &attributes, arguments, strings)
        try #require(code == 0, "cannot run \(words[0]): \(code)")
        return pid
    }

    /// Whether a tool is in the PATH.
    static func isInstalled(_ tool: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(tool)", X_OK) == 0 }
    }

    /// Whether a test that needs these runs. Where CI promised them it runs, and fails without them.
    static func has(_ tools: String...) -> Bool {
        getenv("CI").map { String(cString: $0) } == "true" || tools.allSatisfy(isInstalled)
    }
}
