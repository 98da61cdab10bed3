// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Programs of the system that judge what we made.
package enum Tool {
    /// Whether the tools must be there: a test that is skipped would say nothing.
    package static let isPromised = variable("CI") == "true"

    /// Debian's own Python, for which the packages of the tests are installed.
    package static let python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3"

    /// Whether Python can read pages.
    package static let hasPrometheusClient =
        (try? run([python, "-c", "import prometheus_client"], [UInt8]()).code) == 0

    /// Whether a program is on the PATH.
    package static func isInstalled(_ tool: String) -> Bool {
        (variable("PATH") ?? "/usr/bin").split(separator: ":").contains { access("\($0)/\(tool)", X_OK) == 0 }
    }

    /// A path of its own for a small file or socket of a test, below the machine's directory for such things.
    package static func scratchPath(_ ending: String) -> String {
        "/tmp/vitald-\(String(UInt64.random(in: 0 ... .max), radix: 36))\(ending)"
    }

    /// Runs a tool on an input; gives its code and both its outputs. Input and output are files without a name, so
    /// neither can hold the other up.
    package static func run(_ arguments: [String], _ input: some Sequence<UInt8>) throws -> (
        code: Int32, output: [UInt8]
    ) {
        let source = try unnamed(Array(input))
        let sink = try unnamed([])
        defer {
            close(source)
            close(sink)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, source, 0)
        posix_spawn_file_actions_adddup2(&actions, sink, 1)
        posix_spawn_file_actions_adddup2(&actions, sink, 2)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        let code = posix_spawnp(&child, arguments.first ?? "", &actions, nil, &words, environ)
        guard code == 0 else { throw POSIXFault(code) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw POSIXFault(errno) }
        }
        return (status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, try contents(sink))
    }

    private static func unnamed(_ bytes: [UInt8]) throws -> Int32 {
        var template = Array("/tmp/vitald-tool-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw POSIXFault(errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written, off_t(written))
            }
            guard count > 0 else { throw POSIXFault(errno) }
            written += count
        }
        return descriptor
    }

    private static func contents(_ descriptor: Int32) throws -> [UInt8] {
        let size = Int(lseek(descriptor, 0, Int32(SEEK_END)))
        guard size > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: size)
        guard pread(descriptor, &bytes, size, 0) == size else { throw POSIXFault(errno) }
        return bytes
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
