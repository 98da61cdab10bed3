// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// An open mountinfo: read to its end as often as one likes, and asked whether a mount came or went meanwhile.
final class MountFile {
    /// A line is some 200 bytes, and the kernel allows 100,000 mounts (fs.mount-max); beyond this it is no table.
    static let maximumBytes = 32 * 1024 * 1024
    /// PROC_SUPER_MAGIC of linux/magic.h.
    private static let procfs: Int64 = 0x9FA0

    /// Whether the kernel tells of changes: it does in its procfs, not in a captured tree.
    let isWatched: Bool
    private let descriptor: Int32

    /// Opens the table of a process; watching begins now.
    init(_ path: String) throws(SystemError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(errno) }
        isWatched = clinux_filesystem_magic(descriptor) == Self.procfs
    }

    deinit { close(descriptor) }

    /// Whether a mount came, went or was remounted since this was asked last, or since the opening (mounts_poll in
    /// fs/proc_namespace.c); always so where nothing is told.
    var hasChanged: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLPRI), revents: 0)
        let count = poll(&entry, 1, 0)
        return !isWatched || count < 0 || entry.revents & Int16(POLLPRI | POLLERR) != 0
    }

    /// Reads it from the start to its end.
    func bytes() throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var problem: Int32 = 0
        // The kernel fills at most a page or so per read, whole lines only, so that no line is torn by a change.
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { scratch in
            while true {
                let count = pread(descriptor, scratch.baseAddress, scratch.count, bytes.count)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    problem = errno
                    return
                }
                bytes.append(contentsOf: scratch[..<count])
                if bytes.count > Self.maximumBytes {
                    problem = EFBIG
                    return
                }
            }
        }
        guard problem == 0 else { throw SystemError(problem) }
        return bytes
    }
}
