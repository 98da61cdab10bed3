// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Descriptors 0, 1 and 2.
enum StandardDescriptors {
    /// Opens those that are closed on /dev/null. To be called first of all: the socket would be one of them otherwise,
    /// and what is meant for people would be sent to vitald.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one, for those below it are open.
            if Glibc.open("/dev/null", O_RDWR) >= 0 { continue }
            // Without /dev/null: a place that can be neither read nor written.
            if Glibc.open("/", O_RDONLY | O_DIRECTORY) < 0 { return }
        }
    }
}
