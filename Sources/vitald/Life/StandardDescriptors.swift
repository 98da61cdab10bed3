// SPDX-License-Identifier: Apache-2.0

import Glibc
import Publishing

/// Descriptors 0, 1 and 2.
enum StandardDescriptors {
    /// Opens those that are closed on /dev/null. To be called before anything else is opened: the first socket would
    /// be descriptor 2 otherwise, and the log would be written to a client.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one, for those below it are open.
            if Glibc.open("/dev/null", O_RDWR) >= 0 { continue }
            // Without /dev/null: a place that can be neither read nor written.
            if Glibc.open("/", O_RDONLY | O_DIRECTORY) < 0 { return }
        }
    }

    /// Standard error as a place for lines that never blocks.
    ///
    /// The descriptor is shared with the parent, whose terminal would become non-blocking as well. So a pipe or a
    /// terminal is opened once more through /proc, non-blocking and for vitald alone, in its place: then even the
    /// Swift runtime's last message waits for nobody. A socket needs no more than a flag with each call. What is
    /// left, files and what vitald may not open again, is written on a thread that nobody waits for.
    static func errorSink() -> any LineSink {
        var info = stat()
        guard fstat(STDERR_FILENO, &info) == 0 else { return LaneSink(descriptor: STDERR_FILENO) }
        let isReady =
            switch info.st_mode & S_IFMT {
            case S_IFSOCK: true
            // One that is open for reading too is its own reader.
            case S_IFIFO: fcntl(STDERR_FILENO, F_GETFL) & O_ACCMODE == O_WRONLY && reopenErrors()
            case S_IFCHR: reopenErrors()
            default: false
            }
        return isReady ? StreamSink(descriptor: STDERR_FILENO) : LaneSink(descriptor: STDERR_FILENO)
    }

    private static func reopenErrors() -> Bool {
        let own = Glibc.open(
            "/proc/self/fd/\(STDERR_FILENO)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard own >= 0 else { return false }
        defer { close(own) }
        return dup2(own, STDERR_FILENO) == STDERR_FILENO
    }
}
