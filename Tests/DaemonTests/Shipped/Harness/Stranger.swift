// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A user without privileges who has no other process: limits of processes hold for it, and root's files are closed to it.
enum Stranger {
    /// Another one in each run of the tests, for the processes of a user are counted all over the machine.
    static let uid = uid_t(61_000 + getpid() % 4000)

    /// A program that becomes the one behind it, as that user.
    static let prefix = ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups"]

    /// Whether this user can run the shipped binary; its directories may be closed to others.
    static let isPossible: Bool = {
        guard getuid() == 0, Program.has("setpriv", "prlimit") else { return false }
        let answer = try? Program.output(prefix + [ShippedDaemon.binary, "--version"])
        return answer?.ending == .code(0)
    }()

    /// Limits the processes and threads of a running program of this user, who may lower it and raise it again.
    static func limit(_ pid: pid_t, processes: Int) throws {
        let answer = try Program.output(
            prefix + ["prlimit", "--pid", "\(pid)", "--nproc=\(processes):100"])
        guard answer.ending == .code(0) else { throw ShippedFault("prlimit: \(answer.errors)") }
    }
}
