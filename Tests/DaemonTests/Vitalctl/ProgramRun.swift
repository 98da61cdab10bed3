// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One run of the built vitalctl, with its own environment and its output in pipes.
final class ProgramRun {
    struct Outcome {
        let code: Int32
        let output: String
        let complaint: String
    }

    enum Failure: Error {
        case notStarted(CInt)
        case tooLate
    }

    private let pid: pid_t
    private let output: CInt
    private let complaint: CInt
    private var outputText: [UInt8] = []
    private var complaintText: [UInt8] = []
    private var isReaped = false

    /// Where the program was built: beside these tests.
    static let program: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/vitalctl"
    }()

    /// Starts the program that was built beside these tests.
    init(_ arguments: [String], environment: [String] = []) throws {
        let program = Self.program
        var outs: [CInt] = [-1, -1]
        var complaints: [CInt] = [-1, -1]
        // Not pipe(2): programs that other tests start at the same moment must not inherit an end.
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &outs) == 0, socketpair(AF_UNIX, kind, 0, &complaints) == 0 else {
            throw Failure.notStarted(errno)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, outs[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, complaints[1], STDERR_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, nil, &words, &variables)
        close(outs[1])
        close(complaints[1])
        output = outs[0]
        complaint = complaints[0]
        pid = child
        guard code == 0 else {
            isReaped = true
            throw Failure.notStarted(code)
        }
    }

    deinit {
        if !isReaped {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        close(output)
        close(complaint)
    }

    /// Reads until the output satisfies the condition.
    func outputUntil(_ condition: (String) -> Bool) throws {
        while !condition(String(decoding: outputText, as: UTF8.self)) { guard try read() else { return } }
    }

    /// Waits for the end.
    func outcome() throws -> Outcome {
        while try read() {}
        var status: CInt = 0
        waitpid(pid, &status, 0)
        isReaped = true
        return Outcome(
            code: (status >> 8) & 0xFF, output: String(decoding: outputText, as: UTF8.self),
            complaint: String(decoding: complaintText, as: UTF8.self))
    }

    /// Takes what there is; false once both ends are closed.
    private func read() throws -> Bool {
        var watched = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: complaint, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&watched, 2, 30_000) > 0 else { throw Failure.tooLate }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var ends = 0
        for pipe in watched {
            guard pipe.revents != 0 else { continue }
            let count = Glibc.read(pipe.fd, &chunk, chunk.count)
            if count > 0 {
                if pipe.fd == output {
                    outputText += chunk[..<count]
                } else {
                    complaintText += chunk[..<count]
                }
            } else {
                ends += 1
            }
        }
        // A pipe that has ended polls ready at once; the other may still have something to say.
        if ends == 0 { return true }
        let rest = watched.filter { $0.revents == 0 }
        guard !rest.isEmpty else { return ends < 2 }
        for pipe in rest {
            while true {
                let count = Glibc.read(pipe.fd, &chunk, chunk.count)
                guard count > 0 else { break }
                if pipe.fd == output {
                    outputText += chunk[..<count]
                } else {
                    complaintText += chunk[..<count]
                }
            }
        }
        return false
    }
}
