// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads
import Vitals

@testable import Sampling

@Suite struct StatvfsHelperTests {
    private final class Shared: Sendable { let value = Mutex<Int32>(-1) }

    /// Runs the helper's loop on a lane, sends it bytes, and returns all it said until it ended. Both sides block,
    /// so neither may stand on a thread of the tests' own pool.
    private func converse(_ bytes: [UInt8]) async throws -> (code: Int32, lines: [String]) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let (here, there) = (ends[0], ends[1])
        let lanes = Lanes()
        let code = Shared()
        let lines = await withCheckedContinuation { continuation in
            lanes.run {
                code.value.withLock { $0 = StatvfsHelper.serve(input: there, output: there) }
                close(there)
            }
            lanes.run {
                // It may hang up on nonsense before it has read it all.
                _ = LinePipe.send(bytes, to: here)
                shutdown(here, Int32(SHUT_WR))
                var pipe = LinePipe(here, maximumLine: 1000)
                var lines: [String] = []
                while case .line(let line) = pipe.next(left: { 20_000 }) {
                    lines.append(String(decoding: line, as: UTF8.self))
                }
                close(here)
                continuation.resume(returning: lines)
            }
        }
        return (code.value.withLock { $0 }, lines)
    }

    @Test("it answers every question in order and ends with the pipe")
    func answers() async throws {
        let question = HelperQuestion(number: 7, verb: .size, path: "/dev/shm")
        let missing = HelperQuestion(number: 8, verb: .write, path: "/nonexistent/a b\n")

        let (code, lines) = try await converse(question.line + missing.line)

        #expect(code == 0)
        #expect(lines.count == 2)
        let reply = try #require(HelperReply(line: Array((lines.first ?? "").utf8)[...]))
        #expect(reply.number == 7)
        let truth = try FilesystemSize(of: "/dev/shm")
        #expect(try reply.finding.size.get().total == truth.total)
        #expect(try reply.finding.size.get().inodes == truth.inodes)
        #expect(reply.finding.writing == .notTried)
        #expect(lines.last == "8 error \(ENOENT)")
    }

    @Test("a trial of writing leaves nothing behind")
    func trial() async throws {
        let bench = try ProbeBench()
        mkdir(bench.directory + "/w", 0o755)

        let (_, lines) = try await converse(
            HelperQuestion(number: 1, verb: .write, path: bench.directory + "/w").line)

        let reply = try #require(HelperReply(line: Array((lines.first ?? "").utf8)[...]))
        #expect(reply.finding.writing == .worked)
        #expect(rmdir(bench.directory + "/w") == 0, "a directory that is not empty cannot be removed")
    }

    @Test("beside a file it writes into the directory of the file")
    func besideFile() throws {
        let bench = try ProbeBench()
        try bench.write("data.db", "x")

        try WriteTrial.run(at: bench.directory + "/data.db")
        #expect(throws: SystemError(ENOENT)) { try WriteTrial.run(at: bench.directory + "/nothing") }
    }

    @Test(
        "what is not a question ends it with an error",
        arguments: ["hello\n", "1 size relative\n", "1 rm /\n", "x size /\n", "1 size / /\n", "\n"])
    func garbage(text: String) async throws {
        #expect(try await converse(Array(text.utf8)).code == 1)
    }

    @Test("an endless line ends it, a torn one is dropped")
    func bounds() async throws {
        #expect(try await converse([UInt8](repeating: 0x31, count: 70_000)).code == 1)
        #expect(try await converse(Array("1 size /".utf8)).code == 0)
    }

    @Test("replies survive the pipe, and damaged ones are refused")
    func replies() {
        let size = FilesystemSize(unit: 1, blocks: .max, available: 5, files: 9, freeFiles: 3)
        var finding = FilesystemFinding(size: .success(size))
        for writing in [FilesystemFinding.Writing.notTried, .worked, .failed(SystemError(ENOSPC))] {
            finding.writing = writing
            let reply = HelperReply(number: .max, finding: finding)
            #expect(HelperReply(line: reply.line.dropLast()) == reply)
        }
        for text in [
            "", "1", "1 size 1 2 3 4", "1 size 1 2 3 x -", "1 size 1 2 3 4 y", "1 error", "1 error 2 3",
            "-1 error 2", "1 size 1 2 3 4 - 5", "1 hello 2",
        ] {
            #expect(HelperReply(line: Array(text.utf8)[...]) == nil, "\(text)")
        }
    }
}
