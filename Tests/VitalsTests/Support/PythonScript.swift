// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Runs a script of python3, the other opinion on JSON and on schemas.
enum PythonScript {
    /// What became of it.
    struct Result {
        /// Its exit status; nil when a signal ended it.
        let status: Int32?
        /// What it wrote to both outputs.
        let output: String
    }

    /// Why it could not be run.
    struct Failure: Error { let what: String }

    /// Runs `script` with arguments, and with `input` in a file whose path is the first one.
    static func run(_ script: String, input: [UInt8], _ arguments: [String] = []) throws -> Result {
        var template = Array("/tmp/vitals-python-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(what: "no temporary directory") }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let inputPath = directory + "/input"
        let outputPath = directory + "/output"
        defer {
            unlink(inputPath)
            unlink(outputPath)
            rmdir(directory)
        }
        try write(input, to: inputPath)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let words = ["python3", "-W", "ignore", "-c", script, inputPath] + arguments
        var argv = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, "python3", &actions, nil, &argv, environ)
        guard code == 0 else { throw Failure(what: "python3 cannot be started (errno \(code)); install it") }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let exited = status & 0x7F == 0
        return Result(
            status: exited ? status >> 8 & 0xFF : nil,
            output: String(decoding: try read(outputPath), as: UTF8.self))
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw Failure(what: "cannot write \(path)") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw Failure(what: "cannot write \(path)")
        }
    }

    /// The whole of a file.
    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Failure(what: "cannot read \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
