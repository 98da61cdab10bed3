// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The other side of the pipe: vitald run again with a hidden argument, to make the calls that may hang for ever.
///
/// A thread that hangs in statvfs makes its whole process unkillable; this process may be, the daemon must not.
/// It reads questions line by line, answers each before it reads the next, and ends when the pipe does.
package enum StatvfsHelper {
    /// The hidden argument; the daemon's main hands over to `main` when it is the first one.
    package static let argument = "--statvfs-helper"

    /// A question is a path and a few words; longer is not a question of ours.
    static let maximumLine = 64 * 1024

    /// Serves the pipe on standard input and output until it ends; returns the exit code.
    package static func main() -> Int32 {
        // Whatever a library opened without O_CLOEXEC is the daemon's, and would stay open as long as we hang.
        closefrom(STDERR_FILENO + 1)
        // Standing in a directory keeps its mount busy.
        _ = chdir("/")
        signal(SIGPIPE, SIG_IGN)
        // A trial of writing beyond RLIMIT_FSIZE is an EFBIG, not our end.
        signal(SIGXFSZ, SIG_IGN)
        return serve(input: STDIN_FILENO, output: STDOUT_FILENO)
    }

    /// Serves a pipe until it ends (0), breaks, or says something that is not a question (1).
    static func serve(
        input: Int32, output: Int32,
        look: (HelperQuestion) -> FilesystemFinding = { FilesystemFinding(at: $0.path, verb: $0.verb) }
    ) -> Int32 {
        var pipe = LinePipe(input, maximumLine: maximumLine)
        while true {
            switch pipe.next() {
            case .line(let line):
                guard let question = HelperQuestion(line: line) else { return 1 }
                let reply = HelperReply(number: question.number, finding: look(question))
                guard LinePipe.send(reply.line, to: output) else { return 1 }
            case .end: return 0
            case .broken: return 1
            case .late: continue
            }
        }
    }
}
