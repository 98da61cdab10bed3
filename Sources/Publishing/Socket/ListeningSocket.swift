// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Unix socket that listens at a path: one that we made, with the lock that says whose the path is, or one that the
/// service manager handed us, whose path is the manager's.
package final class ListeningSocket: Sendable {
    /// The listening descriptor, non-blocking; whoever serves it owns it and closes it.
    package let descriptor: CInt
    /// Where it listens.
    package let path: String
    /// What did not go as configured, as sentences: a group that does not exist.
    package let warnings: [String]
    private let own: Own?

    /// What only a socket of our own making has.
    private struct Own {
        let lock: CInt
        let device: dev_t
        let inode: ino_t
    }

    init(descriptor: CInt, path: String, warnings: [String], lock: CInt, device: dev_t, inode: ino_t) {
        self.descriptor = descriptor
        self.path = path
        self.warnings = warnings
        own = Own(lock: lock, device: device, inode: inode)
    }

    /// Takes over a Unix socket that the manager made and keeps.
    package init(handed descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
        warnings = []
        own = nil
    }

    /// The lock goes with the last reference, and the kernel drops it when the process dies.
    deinit { if let own { _ = close(own.lock) } }

    /// Removes the socket from its directory, if it is still this one, and gives up the lock; for the end of the
    /// daemon. One that was handed over stays where it is, for the next vitald.
    package func release() {
        guard let own else { return }
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == own.device, status.st_ino == own.inode {
            _ = unlink(path)
        }
        _ = flock(own.lock, LOCK_UN)
    }
}
