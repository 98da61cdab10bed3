// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vitals

/// One journal file as the directory shows it.
///
/// journald appends to `system.journal` and `user-UID.journal`. When it rotates it gives such a file a name with an
/// `@`, never to write to it again, and begins a new one.
struct JournalFile: Hashable {
    /// What tells it from others, whatever it is called.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// The path.
    let path: String
    /// Device and inode.
    let identity: Identity
    /// How long it was when it was looked at.
    let size: Int64
    /// When it was last written to.
    let modified: WallTime
    /// Whether journald still appends to it.
    let isActive: Bool
    /// Whether this process may read it.
    let isReadable: Bool

    /// Looks at a name of a directory; nil where it is no journal file.
    init?(_ name: String, in directory: String) {
        let isArchived = name.utf8.contains(UInt8(ascii: "@"))
        guard name.hasSuffix(".journal") || name.hasSuffix(".journal~") else { return nil }
        path = "\(directory)/\(name)"
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        size = Int64(status.st_size)
        modified = WallTime(
            nanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec))
        isActive = !isArchived && name.hasSuffix(".journal")
        isReadable = access(path, R_OK) == 0
    }
}
