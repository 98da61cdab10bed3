// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Unix socket that listens at a path, and the lock that says whose the path is.
package final class ListeningSocket: Sendable {
    /// The listening descriptor, non-blocking; whoever serves it owns it and closes it.
    package let descriptor: CInt
    /// Where it listens.
    package let path: String
    /// What did not go as configured, as sentences: a group that does not exist.
    package let warnings: [String]
    private let lock: CInt
    private let device: dev_t
    private let inode: ino_t

    init(descriptor: CInt, path: String, warnings: [String], lock: CInt, device: dev_t, inode: ino_t) {
        self.descriptor = descriptor
        self.path = path
        self.warnings = warnings
        self.lock = lock
        self.device = device
        self.inode = inode
    }

    /// The lock goes with the last reference, and the kernel drops it when the process dies.
    deinit { _ = close(lock) }

    /// Removes the socket from its directory, if it is still this one, and gives up the lock; for the end of the
    /// daemon.
    package func release() {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { _ = unlink(path) }
        _ = flock(lock, LOCK_UN)
    }
}
